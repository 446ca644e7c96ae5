/** Unix time in ms with fractions, on the monotonic clock of this process: the stamps of a history. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now()
}
