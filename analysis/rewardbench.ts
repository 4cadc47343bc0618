import { basename } from 'node:path'
import type { Coded } from '../src/agreement/columns.ts'
import { DataError } from '../src/errors.ts'
import { isRecord } from '../src/is-record.ts'
import { parseJsonText } from '../src/pairs/json-text.ts'
import { characters } from '../src/plain-text.ts'
import { regularText } from '../src/read-regular.ts'
import { systemWords } from '../src/system-words.ts'
import { shownJson } from '../src/visible-text.ts'
import { CodedColumn } from './column.ts'
import { completionKey, keyParts } from './keys.ts'
import { rewardBench2, rewardBench2Run } from './rewardbench-2.ts'
import { checkedSize } from './run-checks.ts'
import { fingerprint, type Run } from './runs.ts'

/** RewardBench's scores are numbers, or lists of one number for classifiers. */
function scoreOf(value: unknown, where: string): number {
  const score = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (score === null || (typeof score === 'number' && !Number.isFinite(score))) return Number.NaN
  if (typeof score !== 'number')
    throw new DataError(`score is ${shownJson(value)}, expected a number or a list of one`, where)
  return checkedSize(score, 'score', where)
}

/** One (chosen, rejected) of a RewardBench score file. */
interface ImportedPair {
  /** null where the file has none. */
  readonly id: string | null
  readonly subset: string
  readonly prompt: string | null
  readonly chosen: number
  readonly rejected: number
  /** null where the file has no texts. */
  readonly textChosen: string | null
  readonly textRejected: string | null
}

/**
 * ◆ Reads a score file that RewardBench wrote: `eval-set-scores/*.json` of run_rm.py and run_dpo.py (parallel arrays), or the
 * `*_outputs.jsonl` and `*_all.jsonl` of its command line (one row per line); or one of RewardBench 2 (rewardbench-2.ts). Python's NaN,
 * Infinity and -Infinity are absent scores: a pair with one is not scored, and counted in the run's warnings.
 */
export function readRewardBenchScores(path: string, dataset: string): Run {
  let text: string
  try {
    text = regularText(path)
  } catch (cause) {
    throw new DataError(systemWords(cause), path, null, { cause })
  }
  const name = basename(path).replace(/\.(jsonl?|json)$/, '')
  const second = path.endsWith('.jsonl') ? null : rewardBench2(parseJson(text, path), path)
  if (second !== null) return rewardBench2Run(second, name, dataset, path)
  const { model, rows } = path.endsWith('.jsonl') ? fromLines(text, path) : fromArrays(text, path)
  return toRun(rows, model ?? name, dataset, path)
}

const positionKey = (i: number): string => `\u0000position ${i}`

/**
 * Several score files of one data set. Where one of them has no ids (run_dpo.py writes none), all are aligned by place, if they
 * have the same subsets in the same order; otherwise they share no pair, which the caller is told.
 */
export function readRewardBenchFiles(paths: readonly string[], dataset: string): Run[] {
  const runs = paths.map((path) => readRewardBenchScores(path, dataset))
  const withoutIds = runs.some(({ pairs }) => Array.from(pairs.key).some((key, i) => key === positionKey(i)))
  const sequence = ({ pairs }: Run): string =>
    JSON.stringify(Array.from(pairs.subset.code, (c) => pairs.subset.names[c]))
  if (!withoutIds || new Set(runs.map(sequence)).size > 1) return runs
  return runs.map((run) => {
    const key = Array.from(run.pairs.key, (_, i) => positionKey(i))
    return {
      ...run,
      pairs: { ...run.pairs, key },
      completions: { ...run.completions, key: completionsAt(run, key) },
    }
  })
}

/** Keys of the run's completions when its pairs are known by place: each by the first pair that it stands in. */
function completionsAt({ pairs, completions }: Run, key: readonly string[]): string[] {
  const place = new Map<string, string>()
  for (const [i, pair] of [...pairs.key].entries()) {
    const places = completionKeys(key[i]!)
    completionKeys(pair).forEach((old, k) => {
      if (!place.has(old)) place.set(old, places[k]!)
    })
  }
  return Array.from(completions.key, (old) => place.get(old)!)
}

/** Keys of a pair's two completions. */
function completionKeys(key: string): [string, string] {
  const [id, rejected, chosen] = keyParts(key)
  return [completionKey(id, 'chosen', String(chosen)), completionKey(id, 'rejected', String(rejected))]
}

function parseJson(text: string, where: string): Record<string, unknown> {
  try {
    const value = parseJsonText(text)
    if (isRecord(value)) return value
  } catch (error) {
    throw new DataError(`is not JSON: ${String(error)}`, where)
  }
  throw new DataError('is not an object', where)
}

function fromArrays(text: string, path: string): { model: string | null; rows: ImportedPair[] } {
  const file = parseJson(text, path)
  const list = (key: string): unknown[] => {
    const value = file[key]
    if (!Array.isArray(value))
      throw new DataError(`has no list "${key}"`, path, "RewardBench's eval-set-scores files have one.")
    return value
  }
  const [chosen, rejected] = [list('scores_chosen'), list('scores_rejected')]
  const optional = (key: string): unknown[] | null => (Array.isArray(file[key]) ? (file[key] as unknown[]) : null)
  const lengths = ['scores_rejected', 'subset', 'id', 'prompt', 'text_chosen', 'text_rejected'].filter(
    (key) => optional(key) !== null && optional(key)!.length !== chosen.length,
  )
  if (lengths.length > 0)
    throw new DataError(
      `"${lengths[0]}" has ${optional(lengths[0]!)!.length} rows, "scores_chosen" ${chosen.length}`,
      path,
    )
  const at = (key: string, i: number): string | null => {
    const value = optional(key)?.[i]
    return value === undefined || value === null ? null : String(value)
  }
  return {
    model: typeof file.model === 'string' ? file.model : null,
    rows: chosen.map((c, i) => ({
      id: at('id', i),
      subset: at('subset', i) ?? 'all pairs',
      prompt: at('prompt', i),
      chosen: scoreOf(c, `${path}: row ${i + 1}`),
      rejected: scoreOf(rejected[i], `${path}: row ${i + 1}`),
      textChosen: at('text_chosen', i),
      textRejected: at('text_rejected', i),
    })),
  }
}

function fromLines(text: string, path: string): { model: string | null; rows: ImportedPair[] } {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const rows = lines.map((line, i): ImportedPair => {
    const where = `${path}:${i + 1}`
    const row = parseJson(line, where)
    const word = (value: unknown): string | null =>
      value === undefined || value === null ? null : typeof value === 'object' ? shownJson(value) : String(value)
    // <model>_all.jsonl of --save_all holds the two scores alone.
    const bare = Object.keys(row).sort().join() === 'chosen,rejected'
    const [chosen, rejected] = bare ? [row.chosen, row.rejected] : [row.scores_chosen, row.scores_rejected]
    if (chosen === undefined || rejected === undefined)
      throw row.text !== undefined && row.results !== undefined
        ? new DataError('holds scores of single texts (messages), no pairs', where, 'Read are files of pairs.')
        : new DataError('has no scores_chosen and scores_rejected', where)
    return {
      id: word(row.id),
      subset: word(row.subset) ?? 'all pairs',
      prompt: word(row.prompt),
      chosen: scoreOf(chosen, where),
      rejected: scoreOf(rejected, where),
      textChosen: word(row.text_chosen),
      textRejected: word(row.text_rejected),
    }
  })
  return { model: null, rows }
}

function toRun(rows: readonly ImportedPair[], model: string, dataset: string, path: string): Run {
  if (rows.length === 0) throw new DataError('has no row', path)
  const column = (value: (r: ImportedPair) => number): Float64Array => Float64Array.from(rows, value)
  const absent = column(() => Number.NaN)
  const code = (value: (r: ImportedPair, i: number) => string) => {
    const out = new CodedColumn()
    rows.forEach((r, i) => {
      out.push(value(r, i))
    })
    return out.done()
  }
  // The prompt is the cluster; where the file has none, what both texts begin with stands in for it, and failing that the row.
  const cluster = code((r, i) => r.prompt ?? (commonPrefix(r.textChosen ?? '', r.textRejected ?? '') || `row ${i}`))
  const subset = code((r) => r.subset)
  const prompts = column((r) => fingerprint(r.prompt ?? ''))
  const seen = new Map<string, { pairs: number; readonly chosen: Map<string, number> }>()
  const key = rows.map((r, i) => {
    // run_dpo.py writes no ids: such a row is known by its place, which no id can look like.
    if (r.id === null) return positionKey(i)
    const known = seen.get(r.id) ?? { pairs: 0, chosen: new Map<string, number>() }
    seen.set(r.id, known)
    // several pairs of one id: the same chosen text, or where the file has no texts the same score, is one completion
    const text = r.textChosen ?? String(r.chosen)
    const chosen = known.chosen.get(text) ?? known.chosen.size
    known.chosen.set(text, chosen)
    return `${r.id}\u0000${known.pairs++}\u0000${chosen}`
  })
  const completions = completionsOf(key)
  const side = (values: (r: ImportedPair) => readonly [number, number]): Float64Array =>
    Float64Array.from(completions, ({ row, side }) => values(rows[row]!)[side])
  const codes = ({ code }: Coded): Int32Array => Int32Array.from(completions, ({ row }) => code[row]!)
  const unscored = rows.filter((r) => Number.isNaN(r.chosen) || Number.isNaN(r.rejected)).length
  return {
    model: model.replaceAll('/', '__'),
    dataset,
    where: path,
    manifest: null,
    warnings:
      unscored === 0 ? [] : [`${path}: ${unscored} of ${rows.length} pairs are not scored: NaN, Infinity or null`],
    plainPairs: true,
    pairs: {
      n: rows.length,
      key,
      texts: { renderedPrompt: prompts },
      subset,
      cluster,
      margin: column((r) => r.chosen - r.rejected),
      chosenScore: column((r) => r.chosen),
      rejectedScore: column((r) => r.rejected),
      chosenReward: absent,
      rejectedReward: absent,
      chosenChars: column((r) => lengthOf(r.textChosen)),
      rejectedChars: column((r) => lengthOf(r.textRejected)),
      chosenTokens: absent,
      rejectedTokens: absent,
      writers: null,
    },
    completions: {
      n: completions.length,
      key: completions.map((c) => c.key),
      texts: { renderedPrompt: Float64Array.from(completions, ({ row }) => prompts[row]!) },
      role: { names: ['chosen', 'rejected'], code: Int32Array.from(completions, (c) => c.side) },
      index: Float64Array.from(completions, (c) => c.index),
      subset: { names: subset.names, code: codes(subset) },
      cluster: { names: cluster.names, code: codes(cluster) },
      score: side((r) => [r.chosen, r.rejected]),
      reward: new Float64Array(completions.length).fill(Number.NaN),
      length: side((r) => [lengthOf(r.textChosen), lengthOf(r.textRejected)]),
    },
  }
}

/** The completions of pairs, each once; `side` 0 = chosen, 1 = rejected. */
function completionsOf(
  keys: readonly string[],
): { readonly key: string; readonly row: number; readonly side: 0 | 1; readonly index: number }[] {
  const seen = new Set<string>()
  return keys.flatMap((pair, row) => {
    const [, rejected, chosen] = keyParts(pair)
    return completionKeys(pair).flatMap((key, k) => {
      if (seen.has(key)) return []
      seen.add(key)
      return [{ key, row, side: k === 0 ? (0 as const) : (1 as const), index: k === 0 ? chosen : rejected }]
    })
  })
}

/** Code points; NaN where there is no text to measure. */
const lengthOf = (text: string | null): number => (text === null ? Number.NaN : characters(text))

function commonPrefix(a: string, b: string): string {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return a.slice(0, i)
}
