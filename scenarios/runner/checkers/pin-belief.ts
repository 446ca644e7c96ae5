/**
 * What can be known from outside of an agent's pin: which appliance, and between which two times it was selected. Where a pin
 * may have been lost or replaced unseen, the belief is `unsure`, with the earliest time at which any pin of now can have been
 * selected.
 */
import { type ApplianceId } from '#shared/ids.ts'

export type Belief =
  | { readonly kind: 'none' }
  | { readonly kind: 'pin'; readonly appliance: ApplianceId; readonly earliest: number; readonly latest: number }
  | { readonly kind: 'unsure'; readonly earliest: number }

/** A selection that took place within `from`–`to`, real ms. */
export type Span = { readonly from: number; readonly to: number }

/** The agent started: it has no pin (PN6). */
export const noPin: Belief = { kind: 'none' }

/** Something happened within `span` that may have changed the pin. */
export function doubt(belief: Belief, span: Span): Belief {
  return { kind: 'unsure', earliest: belief.kind === 'none' ? span.from : belief.earliest }
}

/** A selection for a new session was answered by `appliance` of the home site (PN1, PN2, PN5). */
export function answered(belief: Belief, appliance: ApplianceId, span: Span, windowMs: number): Belief {
  const fresh: Belief = { kind: 'pin', appliance, earliest: span.from, latest: span.to }
  if (belief.kind === 'none') return fresh
  if (belief.kind === 'unsure') return { ...fresh, earliest: belief.earliest }
  if (belief.appliance !== appliance) return fresh
  const age = ageOf(belief, span, windowMs)
  if (age === 'young') return belief
  return age === 'old' ? fresh : { ...fresh, earliest: belief.earliest }
}

/** Whether the pin was surely younger or surely older than the window, all through `span`. */
export function ageOf(pin: Belief & { kind: 'pin' }, span: Span, windowMs: number): 'young' | 'old' | 'unclear' {
  if (span.to - pin.earliest < windowMs) return 'young'
  return span.from - pin.latest > windowMs ? 'old' : 'unclear'
}
