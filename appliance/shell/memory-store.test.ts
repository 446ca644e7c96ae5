import { describeStore } from '../core/store.contract.ts'
import { memoryDisk } from './memory-store.ts'

describeStore((changesKept) => {
  const disk = memoryDisk('a', changesKept)
  return { open: () => disk.open(), fill: () => disk.limit(0) }
})
