/**
 * The pin: the home appliance an agent keeps for new sessions. Fixed for `pinWindow` from the moment of selection, not
 * sliding (PN1); then the others come first and the old one last (PN2). It holds inside the home site only (PN4), is
 * lost with its appliance (PN5), and belongs to the agent (PN6). Expiry moves nothing by itself (PN3).
 */
import { type ApplianceId, type SiteId } from '#shared/ids.ts'
import { type Appliance, type Topology } from '#shared/topology/model.ts'

export type Pin = { readonly appliance: ApplianceId; readonly site: SiteId; readonly sinceMs: number }

/** Ages are policy ms. Equal to the window is expired: the pin holds while *younger* than it (PN1). */
export function isLive(pin: Pin | undefined, nowMs: number, windowMs: number): pin is Pin {
  return pin !== undefined && nowMs - pin.sinceMs < windowMs
}

/** The order of home candidates; `random` is the home site's appliances in random order (SP2). */
export function homeOrder(
  random: readonly Appliance[],
  pin: Pin | undefined,
  nowMs: number,
  windowMs: number,
): readonly Appliance[] {
  if (pin === undefined) return random
  const pinned = random.filter((appliance) => appliance.id === pin.appliance)
  const others = random.filter((appliance) => appliance.id !== pin.appliance)
  return isLive(pin, nowMs, windowMs) ? [...pinned, ...others] : [...others, ...pinned]
}

/** Drops the pin when the home site changed or its appliance left the home site in the topology in use (PN6). */
export function keptPin(pin: Pin | undefined, home: SiteId | null, topology: Topology): Pin | undefined {
  if (pin === undefined || pin.site !== home) return undefined
  const stays = topology.appliances.some((appliance) => appliance.id === pin.appliance && appliance.site === home)
  return stays ? pin : undefined
}

/** An unavailable appliance loses the pin; a busy one keeps it, and so does the pin when another one is lost (PN5). */
export function withoutUnavailable(pin: Pin | undefined, unavailable: ApplianceId): Pin | undefined {
  return pin?.appliance === unavailable ? undefined : pin
}

/**
 * The pin after `appliance` of `site` answered in the stage *home* of a pass. A live pin stays as it is; else the
 * answerer is the new one (PN2, PN5, PN7). Never called for another stage (PN4).
 */
export function pinAfterAnswer(
  pin: Pin | undefined,
  answerer: { readonly appliance: ApplianceId; readonly site: SiteId },
  nowMs: number,
  windowMs: number,
): Pin {
  return isLive(pin, nowMs, windowMs) ? pin : { ...answerer, sinceMs: nowMs }
}
