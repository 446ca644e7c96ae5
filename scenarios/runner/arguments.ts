/** Values on the command line. What cannot be used is told as commander tells it, and exits 64. */
import { InvalidArgumentError } from '@commander-js/extra-typings'
import { randomBytes } from 'node:crypto'

const seedLengthMax = 64
const countMax = 10_000

/** A seed is any short word; it becomes part of a folder's name. */
export function parseSeed(text: string): string {
  if (/^[\w.-]+$/u.test(text) && text.length <= seedLengthMax) return text
  throw new InvalidArgumentError(`A seed is up to ${seedLengthMax} letters, digits, ".", "_" or "-".`)
}

export function newSeed(): string {
  return randomBytes(4).toString('hex')
}

/** How fast policy time runs, above 0. */
export function parseTimeScale(text: string): number {
  const scale = Number(text)
  if (text.trim() !== '' && Number.isFinite(scale) && scale > 0) return scale
  throw new InvalidArgumentError('A time scale is a number above 0; 60 lets an hour pass in a minute.')
}

/** A whole number of something, from 1. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (/^\d+$/u.test(text) && count >= 1 && count <= countMax) return count
  throw new InvalidArgumentError(`A whole number from 1 to ${countMax}.`)
}

/** A torture shorter than this has no room for its faults. */
const secondsMin = 8

export function parseSeconds(text: string): number {
  const seconds = parseCount(text)
  if (seconds >= secondsMin) return seconds
  throw new InvalidArgumentError(`At least ${secondsMin} seconds.`)
}

/** Enough above it for the doors of a lab. */
const portMax = 65_000
const portMin = 1_024

/** A port from which on others are counted. */
export function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d+$/u.test(text) && port >= portMin && port <= portMax) return port
  throw new InvalidArgumentError(`A port from ${portMin} to ${portMax}.`)
}

/** What compose takes for the name of a project. */
export function parseProject(text: string): string {
  if (/^[a-z0-9][a-z0-9_-]*$/u.test(text)) return text
  throw new InvalidArgumentError('A project is named with small letters, digits, "-" and "_", a letter or digit first.')
}
