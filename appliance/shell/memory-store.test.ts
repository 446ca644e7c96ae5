import { describeStore } from '../core/store.contract.ts'
import { memoryStore } from './memory-store.ts'

describeStore(() => memoryStore('a'))
