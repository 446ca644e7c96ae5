/** An answer of the relay's API other than success; becomes `{ error, status }` as in the original. Never leaves the relay. */
export class RelayError extends Error {
  override readonly name = 'RelayError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
