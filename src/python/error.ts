/** Where Python would raise: `name` is the exception's class as Python names it. The verdict that meets one is unverifiable. */
export class PythonError extends Error {
  constructor(
    readonly pythonClass: string,
    message: string,
  ) {
    super(message)
    this.name = pythonClass
  }
}
