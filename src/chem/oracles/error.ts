/**
 * An oracle that has no answer. The verdict that needed it is then unverifiable, never 0.
 * `failure` says how: 'declined' where the oracle was asked and has none (an unspellable molecule, an HTTP 400, no model configured);
 * otherwise the class that Python's client would raise (RetryError, HTTPStatusError, ConnectTimeout, JSONDecodeError …), which is also
 * the error's `name`.
 */
export class OracleError extends Error {
  constructor(
    message: string,
    readonly failure: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
    this.name = failure === 'declined' ? 'OracleError' : failure
  }
}
