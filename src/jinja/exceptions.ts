import { PythonError } from '../python/error.ts'

/** What went wrong, by whose fault: the template's text, its run, its own raise_exception, our coverage, or our limits. */
export type FaultKind = 'syntax' | 'runtime' | 'raised' | 'unsupported' | 'limit'

/** A failure while a template is read or rendered. `pyType` is the exception that Python's Jinja2 raises in its place. */
export class TemplateFault extends Error {
  /** Line of the template, from 1; filled in by the interpreter. */
  line: number | null
  constructor(
    readonly kind: FaultKind,
    readonly pyType: string,
    message: string,
    line: number | null = null,
  ) {
    super(message)
    this.name = 'TemplateFault'
    this.line = line
  }
}

/** What Python raised while line `line` ran, as the template's fault; every other error as it is. */
export function faultAt(error: unknown, line: number): unknown {
  if (error instanceof TemplateFault) error.line ??= line
  return error instanceof PythonError
    ? new TemplateFault(kindOf(error.pythonClass), error.pythonClass, error.message, line)
    : error
}
const kindOf = (pythonClass: string): FaultKind => {
  if (pythonClass === 'Unsupported') return 'unsupported'
  return pythonClass === 'Limit' || pythonClass === 'RecursionError' ? 'limit' : 'runtime'
}

export const runtimeError = (pyType: string, message: string): TemplateFault =>
  new TemplateFault('runtime', pyType, message)
/** A construct that Jinja2 has and we refuse, so that no text can differ unnoticed. */
export const unsupported = (what: string, line: number | null = null): TemplateFault =>
  new TemplateFault('unsupported', 'Unsupported', `${what} is not supported here`, line)
