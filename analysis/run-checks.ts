import { DataError } from '../src/errors.ts'
import { isRecord } from '../src/is-record.ts'
import { KeyIndex } from './key-index.ts'
import type { Keys } from './key-list.ts'
import type { RunCompletions, RunPairs } from './runs.ts'

/**
 * What a run's two files must agree on, whoever wrote or edited them: every row stands once, a margin is the difference of its two
 * scores, and a pair has the scores and rewards that scores.csv has for its completions. A row that stands twice would count twice and is refused; which of two
 * numbers is right cannot be told, and that they differ is said.
 */

const HINT = 'The file was edited, or the two files are of different runs: run it again.'

/** A score is a float32, or a sum of logarithms; of anything beyond this the squares, and their sum over all rows, are no numbers. */
export const MAX_SCORE = 1e150

/** @throws DataError for a number whose variance could not be written down */
export function checkedSize(value: number, what: string, where: string): number {
  if (Math.abs(value) <= MAX_SCORE || Number.isNaN(value)) return value
  throw new DataError(`${what} is ${value}, beyond ${MAX_SCORE}: no statistic of it can be computed`, where)
}

/** Relative difference that is rounding: of other writers' CSV. */
const ROUNDING = 1e-6
/** Equal but for rounding, with the same sign: a win stays a win. NaN equals NaN. */
const agrees = (a: number, b: number, scale: number): boolean =>
  Number.isNaN(a) || Number.isNaN(b)
    ? Number.isNaN(a) && Number.isNaN(b)
    : a === b || (Math.sign(a) === Math.sign(b) && Math.abs(a - b) <= ROUNDING * scale)

/**
 * Rows by their key.
 * @throws DataError where a key stands twice: the row would count twice
 */
function rowsByKey(keys: Keys, path: string): Pick<KeyIndex, 'get'> {
  const rows = KeyIndex.of(keys)
  if (rows.distinct) return rows
  let row = 0
  for (const key of keys) {
    const first = rows.get(key)
    if (first !== row) {
      const [id, ...place] = key.split('\u0000')
      throw new DataError(
        `repeats row ${first + 1}: id ${JSON.stringify(id)}, ${place.join(', ')}`,
        `${path}: row ${row + 1}`,
        HINT,
      )
    }
    row++
  }
  return rows
}

/**
 * A sentence naming the first row that contradicts itself or the other file, and how many do; null where none does.
 * @throws DataError where a row stands twice
 */
export function checkRun(
  pairs: RunPairs,
  completions: RunCompletions,
  paths: { readonly pairs: string; readonly scores: string },
  completionKey: (id: string, role: string, index: string) => string,
): string | null {
  rowsByKey(pairs.key, paths.pairs)
  const rows = rowsByKey(completions.key, paths.scores)
  let first: string | null = null
  let count = 0
  let i = -1
  for (const key of pairs.key) {
    i++
    const what = contradiction(pairs, completions, rows, i, key, completionKey)
    if (what === null) continue
    first ??= `row ${i + 1}: ${what}`
    count++
  }
  if (first === null) return null
  return `${paths.pairs}: ${count.toLocaleString('en-US')} of ${pairs.n.toLocaleString('en-US')} rows contradict themselves or scores.csv (${first}): each statistic is of the column that it reads. ${HINT}`
}

/** A sentence where scores.csv has fewer or more completions than the run counted when it wrote it; null where it has as many, or nothing is known. */
export function checkCount(completions: number, manifest: unknown, path: string): string | null {
  const dataset = isRecord(manifest) && isRecord(manifest.dataset) ? manifest.dataset : {}
  const { completions: counted } = dataset
  if (typeof counted !== 'number' || counted === completions) return null
  return `${path} has ${completions.toLocaleString('en-US')} of the ${counted.toLocaleString('en-US')} completions that run.json counts: it was altered after the run, and each statistic is of the rows that are there. ${HINT}`
}

const shown = (value: number): string => (Number.isNaN(value) ? 'absent' : String(value))

function contradiction(
  pairs: RunPairs,
  completions: RunCompletions,
  rows: Pick<KeyIndex, 'get'>,
  i: number,
  key: string,
  completionKey: (id: string, role: string, index: string) => string,
): string | null {
  const [id, rejectedIndex, chosenIndex] = key.split('\u0000') as [string, string, string]
  const [margin, chosen, rejected] = [pairs.margin[i]!, pairs.chosenScore[i]!, pairs.rejectedScore[i]!]
  const known = !Number.isNaN(chosen) && !Number.isNaN(rejected)
  if (known && !agrees(margin, chosen - rejected, Math.abs(chosen) + Math.abs(rejected)))
    return `margin is ${shown(margin)}, the scores ${chosen} and ${rejected} differ by ${chosen - rejected}`
  for (const [role, index, score, reward] of [
    ['chosen', chosenIndex, chosen, pairs.chosenReward[i]!],
    ['rejected', rejectedIndex, rejected, pairs.rejectedReward[i]!],
  ] as const) {
    const row = rows.get(completionKey(id, role, index))
    if (row === -1) continue
    const [own, verified] = [completions.score[row]!, completions.reward[row]!]
    // a column that is not there says nothing
    if (!Number.isNaN(score) && !agrees(score, own, Math.abs(score)))
      return `${role}_score is ${score}, scores.csv (row ${row + 1}) says ${shown(own)}`
    if (!Number.isNaN(reward) && !agrees(reward, verified, Math.abs(reward)))
      return `${role}_reward is ${reward}, scores.csv (row ${row + 1}) says ${shown(verified)}`
  }
  return null
}
