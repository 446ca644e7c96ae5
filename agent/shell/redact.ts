/** Secrets never reach a log (SC2): whatever is named as one is replaced, however deep it lies. */

const secretName = /password|ticket|token|verifier/iu
const replaced = '[redacted]'

/** A copy of plain data without its secrets. Maps and other instances become what JSON makes of them. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value instanceof Map ? Object.fromEntries(value) : value)
  return Object.fromEntries(entries.map(([name, inner]) => [name, secretName.test(name) ? replaced : redact(inner)]))
}
