/** A text that the tokenizer cannot turn into ids: the row's trouble, not the run's. */
export class UnencodableText extends Error {
  readonly reason: string
  /** @param reason snake_case word for the row */
  constructor(reason: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.reason = reason
  }
}
