import { Coder } from '../src/agreement/columns.ts'
import { DataError } from '../src/errors.ts'
import { shownJson } from '../src/visible-text.ts'
import { completionKey } from './keys.ts'
import { checkedSize } from './run-checks.ts'
import type { Run } from './runs.ts'

/**
 * RewardBench 2's score files, `eval-set-scores/<model>.json` of scripts/run_v2.py: parallel lists with one entry per prompt, `scores` the
 * scores of all its completions, the `num_correct` right ones first. Completion i of a row stands as chosen i or rejected i − num_correct, as
 * in the data set, so that such a file lies beside our own run of allenai/reward-bench-2.
 */
export interface RewardBench2 {
  readonly model: string | null
  readonly rows: readonly RewardBench2Row[]
}
interface RewardBench2Row {
  readonly id: string
  readonly subset: string
  readonly right: readonly number[]
  readonly wrong: readonly number[]
  /** Rendered texts, in the order of the scores; empty where the file has none. */
  readonly texts: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

/**
 * A parsed file of RewardBench as RewardBench 2's scores; null where it is of the first RewardBench's form (`scores_chosen`).
 * @throws DataError where it is another file of RewardBench's, which holds no scores, or is damaged
 */
export function rewardBench2(file: Json, path: string): RewardBench2 | null {
  if (file.scores_chosen !== undefined || file.scores_rejected !== undefined) return null
  if (file.scores === undefined) throw otherForm(file, path)
  const scores = listOf(file, 'scores', path)
  const optional = (key: string): readonly unknown[] | null => {
    if (file[key] === undefined || file[key] === null) return null
    const list = listOf(file, key, path)
    if (list.length !== scores.length)
      throw new DataError(`"${key}" has ${list.length} rows, "scores" ${scores.length}`, path)
    return list
  }
  const [ids, subsets, texts, right] = ['id', 'subset', 'text', 'num_correct'].map(optional)
  const seen = new Set<string>()
  const rows = scores.map((entry, i): RewardBench2Row => {
    const where = `${path}: row ${i + 1}`
    if (!Array.isArray(entry))
      throw new DataError(
        `"scores" is ${shownJson(entry)}, expected a list with the score of every completion`,
        where,
        'Read are the files of scripts/run_v2.py (RewardBench 2), run_rm.py, run_dpo.py and of the command rewardbench.',
      )
    const values = entry.map((score) => numberOf(score, where))
    const correct = right?.[i] ?? 1
    if (typeof correct !== 'number' || !Number.isInteger(correct) || correct < 1 || correct >= values.length)
      throw new DataError(
        `"num_correct" is ${shownJson(correct)} of ${values.length} completions, expected at least one right and one wrong`,
        where,
      )
    const given = String(subsets?.[i] ?? 'all rows')
    // run_v2.py takes any case of it.
    const subset = given.toLowerCase() === 'ties' ? 'Ties' : given
    const id = String(ids?.[i] ?? i + 1)
    // Ids are unique in RewardBench 2; in another data set they may be so within a subset only.
    const own = seen.has(id) ? `${subset}: ${id}` : id
    if (seen.has(own)) throw new DataError(`the id "${id}" stands twice in subset "${subset}"`, where)
    seen.add(own)
    const list = texts?.[i]
    return {
      id: own,
      subset,
      right: values.slice(0, correct),
      wrong: values.slice(correct),
      texts: Array.isArray(list) && list.length === values.length ? list.map(String) : [],
    }
  })
  if (rows.length === 0) throw new DataError('has no row', path)
  return { model: typeof file.model === 'string' ? file.model : null, rows }
}

function listOf(file: Json, key: string, path: string): readonly unknown[] {
  const value = file[key]
  if (!Array.isArray(value)) throw new DataError(`"${key}" is no list`, path, SCORE_FILES)
  return value
}

/** A number, or a list of one as classifiers give it; NaN where there is none. */
function numberOf(value: unknown, where: string): number {
  const score: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (score === null) return Number.NaN
  if (typeof score !== 'number') throw new DataError(`a score is ${shownJson(value)}, expected a number`, where)
  return Number.isFinite(score) ? checkedSize(score, 'a score', where) : Number.NaN
}

const SCORE_FILES =
  'Scores stand in eval-set-scores/<model>.json, or in <model>_outputs.jsonl of the command rewardbench.'

/** The files that RewardBench writes beside its scores, each by its name. */
function otherForm(file: Json, path: string): DataError {
  if (Array.isArray(file.results))
    return new DataError(
      'holds the verdicts of a generative judge ("results") and no scores',
      path,
      'A judge gives no score that could be compared. Give the score file of a reward model.',
    )
  if (file.accuracy !== undefined && file.num_prompts !== undefined)
    return new DataError("is the summary of RewardBench's command, without scores", path, SCORE_FILES)
  const named = ['model', 'model_type', 'chat_template', 'ref_model']
  const accuracies = Object.entries(file).filter(([key]) => !named.includes(key))
  if (accuracies.length > 0 && accuracies.every(([, value]) => typeof value === 'number'))
    return new DataError('is an eval-set file: accuracies by subset, without scores', path, SCORE_FILES)
  return new DataError(
    `has no list "scores_chosen" (RewardBench) or "scores" (RewardBench 2), only ${Object.keys(file).slice(0, 8).join(', ') || 'nothing'}`,
    path,
    SCORE_FILES,
  )
}

/** As a run of the data set. Every right completion stands against every wrong one, as in our own runs. */
export function rewardBench2Run({ model, rows }: RewardBench2, name: string, dataset: string, path: string): Run {
  const pairs: {
    key: string
    row: number
    chosen: number
    rejected: number
    chosenText: string
    rejectedText: string
  }[] = []
  const completions: { key: string; row: number; role: 0 | 1; index: number; score: number; text: string }[] = []
  let absent = 0
  for (const [r, { id, right, wrong, texts }] of rows.entries()) {
    const text = (i: number): string => texts[i] ?? ''
    if ([...right, ...wrong].some(Number.isNaN)) absent++
    for (const [c, chosen] of right.entries()) {
      completions.push({
        key: completionKey(id, 'chosen', String(c)),
        row: r,
        role: 0,
        index: c,
        score: chosen,
        text: text(c),
      })
    }
    for (const [w, rejected] of wrong.entries()) {
      const rejectedText = text(right.length + w)
      completions.push({
        key: completionKey(id, 'rejected', String(w)),
        row: r,
        role: 1,
        index: w,
        score: rejected,
        text: rejectedText,
      })
      for (const [c, chosen] of right.entries())
        pairs.push({ key: `${id}\u0000${w}\u0000${c}`, row: r, chosen, rejected, chosenText: text(c), rejectedText })
    }
  }
  const subset = new Coder()
  const codes = rows.map((row) => subset.add(row.subset))
  const clusterNames = new Coder()
  const clusters = rows.map((row) => clusterNames.add(sharedBeginning(row.texts) || `row ${row.id}`))
  const numbers = <T>(list: readonly T[], value: (one: T) => number): Float64Array => Float64Array.from(list, value)
  const nothing = (n: number): Float64Array => new Float64Array(n).fill(Number.NaN)
  const length = (text: string): number => [...text].length
  const coded = (list: readonly { row: number }[], by: readonly number[]): Int32Array =>
    Int32Array.from(list, ({ row }) => by[row]!)
  return {
    model: (model ?? name).replaceAll('/', '__'),
    dataset,
    where: path,
    manifest: null,
    warnings:
      absent === 0
        ? []
        : [
            `${path}: ${absent} of ${rows.length} rows ${absent === 1 ? 'has' : 'have'} a completion without a finite score; such rows are in no number`,
          ],
    pairs: {
      n: pairs.length,
      key: pairs.map(({ key }) => key),
      subset: { names: subset.names, code: coded(pairs, codes) },
      cluster: { names: clusterNames.names, code: coded(pairs, clusters) },
      margin: numbers(pairs, ({ chosen, rejected }) => chosen - rejected),
      chosenScore: numbers(pairs, ({ chosen }) => chosen),
      rejectedScore: numbers(pairs, ({ rejected }) => rejected),
      chosenReward: nothing(pairs.length),
      rejectedReward: nothing(pairs.length),
      chosenChars: numbers(pairs, ({ chosenText }) => length(chosenText)),
      rejectedChars: numbers(pairs, ({ rejectedText }) => length(rejectedText)),
      chosenTokens: nothing(pairs.length),
      rejectedTokens: nothing(pairs.length),
      writers: null,
    },
    completions: {
      n: completions.length,
      key: completions.map(({ key }) => key),
      role: { names: ['chosen', 'rejected'], code: Int32Array.from(completions, ({ role }) => role) },
      index: numbers(completions, ({ index }) => index),
      subset: { names: subset.names, code: coded(completions, codes) },
      cluster: { names: clusterNames.names, code: coded(completions, clusters) },
      score: numbers(completions, ({ score }) => score),
      reward: nothing(completions.length),
      length: numbers(completions, ({ text }) => length(text)),
    },
  }
}

/** What all texts of a row begin with: its prompt, which the file does not name. */
function sharedBeginning(texts: readonly string[]): string {
  const [first, ...rest] = texts
  if (first === undefined) return ''
  let end = first.length
  for (const text of rest) {
    let i = 0
    while (i < end && text[i] === first[i]) i++
    end = i
  }
  return first.slice(0, end)
}
