/** Every checker that judges a run, in the order of a report. */
import { type Checker } from '../history.ts'
import { movesOnlyOnLoss } from './moves-only-on-loss.ts'
import { newSessionsGoHome } from './new-sessions-go-home.ts'
import { noEndpointTwice } from './no-endpoint-twice.ts'
import { noStageSkipped } from './no-stage-skipped.ts'
import { notTransitive } from './not-transitive.ts'
import { pinWindow } from './pin-window.ts'
import { receivedNotUsedEarly } from './received-not-used-early.ts'

export const checkers: readonly Checker[] = [
  noEndpointTwice,
  notTransitive,
  noStageSkipped,
  newSessionsGoHome,
  pinWindow,
  movesOnlyOnLoss,
  receivedNotUsedEarly,
]
