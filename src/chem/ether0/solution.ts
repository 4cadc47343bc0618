import { PythonError } from '../../python/error.ts'

/** ether0's `RewardFunctionInfo`: which reward judges an answer, against what. */
export interface RewardFunctionInfo {
  readonly fxn_name: string
  readonly answer_info: string
  readonly problem_type: string
}

const DELIMITER = '!:!'
const VALIDATION_ERROR = 'pydantic_core._pydantic_core.ValidationError'
const invalid = (message: string): PythonError => new PythonError(VALIDATION_ERROR, message)

/**
 * `RewardFunctionInfo.model_validate`: from `fxn_name!:!answer_info!:!problem_type` (later delimiters stay in the last part) or an
 * object with those three strings; anything else raises pydantic's ValidationError.
 */
export function parseSolution(data: unknown): RewardFunctionInfo {
  if (typeof data === 'string') {
    const first = data.indexOf(DELIMITER)
    const second = first < 0 ? -1 : data.indexOf(DELIMITER, first + DELIMITER.length)
    if (second < 0) throw invalid('a solution is fxn_name!:!answer_info!:!problem_type')
    return {
      fxn_name: data.slice(0, first),
      answer_info: data.slice(first + DELIMITER.length, second),
      problem_type: data.slice(second + DELIMITER.length),
    }
  }
  const record = asRecord(data, 'a solution')
  return {
    fxn_name: stringField(record, 'fxn_name'),
    answer_info: stringField(record, 'answer_info'),
    problem_type: stringField(record, 'problem_type'),
  }
}

/** ether0's `QAExample`: one row of its benchmark. */
export interface QAExample {
  readonly id: string
  readonly problem: string
  readonly problem_type: string
  readonly solution: RewardFunctionInfo
  readonly ideal: string | null
  readonly unformatted: string | null
}

/** `QAExample.model_validate`; unknown columns are dropped, as pydantic does. */
export function parseQaExample(data: unknown): QAExample {
  const record = asRecord(data, 'an example')
  return {
    id: stringField(record, 'id'),
    problem: stringField(record, 'problem'),
    problem_type: stringField(record, 'problem_type'),
    solution: parseSolution(record.solution),
    ideal: optionalField(record, 'ideal'),
    unformatted: optionalField(record, 'unformatted'),
  }
}

function asRecord(data: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw invalid(`${what} is an object`)
  return data as Record<string, unknown>
}
function stringField(record: Readonly<Record<string, unknown>>, name: string): string {
  const value = record[name]
  if (typeof value !== 'string') throw invalid(`"${name}" is ${value === undefined ? 'missing' : 'not a string'}`)
  return value
}
/** Required, but may be null. */
const optionalField = (record: Readonly<Record<string, unknown>>, name: string): string | null =>
  record[name] === null ? null : stringField(record, name)
