/** Where Python would raise: `name` and `pythonClass` are the exception's class as Python names it. */
export class PythonError extends Error {
  constructor(
    readonly pythonClass: string,
    message: string,
  ) {
    super(message)
    this.name = pythonClass
  }
}

export const typeError = (message: string): PythonError => new PythonError('TypeError', message)
export const valueError = (message: string): PythonError => new PythonError('ValueError', message)
export const keyError = (key: string): PythonError => new PythonError('KeyError', key)
export const indexError = (message: string): PythonError => new PythonError('IndexError', message)
export const overflowError = (message: string): PythonError => new PythonError('OverflowError', message)
export const zeroDivisionError = (message: string): PythonError => new PythonError('ZeroDivisionError', message)
/** What Python has and this folder lacks: refused by name, so that no result can differ unnoticed. */
export const unsupported = (what: string): PythonError =>
  new PythonError('Unsupported', `${what} is not supported here`)
