import { BadRecord, nameOf } from './failure.ts'

/** Of a CSV cell the value that it holds as JSON (Python's True and False included), else as it is. */
function fromCell(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value.replace(/\bTrue\b/g, 'true').replace(/\bFalse\b/g, 'false'))
  } catch {
    return value
  }
}

const whole = (value: unknown): number | null => {
  const number = typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) ? number : null
}

/**
 * `label` of a row of candidates: the index of the right one, a list of the indices of all that are right, or true and false for each.
 * Null where there is none.
 * @throws BadRecord where it names a candidate that there is not
 */
export function whichAreRight(given: unknown, candidates: number): readonly number[] | null {
  const value = fromCell(given)
  if (value === undefined || value === null || value === '') return null
  const list = Array.isArray(value) ? value : [value]
  if (Array.isArray(value) && list.length > 0 && list.every((one) => typeof one === 'boolean')) {
    if (list.length !== candidates)
      throw new BadRecord('label_out_of_range', `"label" has ${list.length} entries, "candidates" ${candidates}`)
    return list.flatMap((right, i) => (right ? [i] : []))
  }
  const indices = list.map((one): number => {
    const index = whole(one)
    if (index === null)
      throw new BadRecord(
        'wrong_type',
        `"label" is ${nameOf(one)}, expected the index of the right candidate`,
        'Give an index from 0, a list of them, or true and false for each candidate.',
      )
    if (index < 0 || index >= candidates)
      throw new BadRecord(
        'label_out_of_range',
        `"label" is ${index}, and there are ${candidates} candidates`,
        'Candidates count from 0.',
      )
    return index
  })
  if (new Set(indices).size < indices.length)
    throw new BadRecord(
      'wrong_type',
      '"label" names a candidate twice',
      'Give the indices of those that are right, or true and false for each candidate.',
    )
  return indices
}

/** `labels` of TRL's stepwise supervision: true, false or null for each step; 1, 0 and −1 (no judgement: 0 of PRM800K) are not guessed. */
export function stepLabels(given: unknown, steps: number): readonly (boolean | null)[] {
  const value = fromCell(given)
  if (!Array.isArray(value)) throw new BadRecord('wrong_type', `"labels" is ${nameOf(value)}, expected a list`)
  if (value.length !== steps)
    throw new BadRecord('wrong_type', `"labels" has ${value.length} entries, and there are ${steps} steps`)
  return value.map((one: unknown): boolean | null => {
    if (one === null || typeof one === 'boolean') return one
    const number = whole(one)
    if (number === 0 || number === 1) return number === 1
    throw new BadRecord(
      'wrong_type',
      `"labels" holds ${typeof one === 'number' ? one : nameOf(one)}, expected true, false or null`,
      'A step that was not judged has null.',
    )
  })
}

/** `label` of ProcessBench: the index of the first wrong step, −1 where all are right. What follows the first wrong step is not judged. */
export function firstErrorLabels(given: unknown, steps: number): readonly (boolean | null)[] {
  const first = whole(fromCell(given))
  if (first === null || first < -1 || first >= steps)
    throw new BadRecord(
      'label_out_of_range',
      `"label" is ${first ?? nameOf(given)}, and there are ${steps} steps`,
      'It is the index from 0 of the first wrong step, or −1 where all are right.',
    )
  return Array.from({ length: steps }, (_, i) => (first === -1 || i < first ? true : i === first ? false : null))
}
