import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { DataError } from '../src/errors.ts'
import { rewardBench2, rewardBench2Run } from './rewardbench-2.ts'
import { CodedColumn, Column, completionKey, type Run } from './runs.ts'

/** RewardBench's scores are numbers, or lists of one number for classifiers. */
function scoreOf(value: unknown, where: string): number {
  const score = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (score === null || (typeof score === 'number' && Number.isNaN(score))) return Number.NaN
  if (typeof score !== 'number')
    throw new DataError(`score is ${JSON.stringify(value)}, expected a number or a list of one`, where)
  return score
}

/** One (chosen, rejected) of a RewardBench score file. */
interface ImportedPair {
  /** null where the file has none. */
  readonly id: string | null
  readonly subset: string
  readonly prompt: string | null
  readonly chosen: number
  readonly rejected: number
  readonly textChosen: string
  readonly textRejected: string
}

/**
 * ◆ Reads a score file that RewardBench wrote: `eval-set-scores/*.json` of run_rm.py and run_dpo.py (parallel arrays), or the
 * `*_outputs.jsonl` and `*_all.jsonl` of its command line (one row a line); or one of RewardBench 2 (rewardbench-2.ts). Python's NaN is
 * an absent score.
 */
export function readRewardBenchScores(path: string, dataset: string): Run {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new DataError(`cannot be read: ${String(error)}`, path)
  }
  // Python's json writes NaN, which JSON does not have; only bare words outside strings are touched.
  const clean = text.replace(/"(?:[^"\\]|\\.)*"|\bNaN\b/g, (part) => (part === 'NaN' ? 'null' : part))
  const name = basename(path).replace(/\.(jsonl?|json)$/, '')
  const second = path.endsWith('.jsonl') ? null : rewardBench2(parseJson(clean, path), path)
  if (second !== null) return rewardBench2Run(second, name, dataset, path)
  const { model, rows } = path.endsWith('.jsonl') ? fromLines(clean, path) : fromArrays(clean, path)
  return toRun(rows, model ?? name, dataset, path)
}

const positionKey = (i: number): string => `\u0000position ${i}`

/**
 * Several score files of one data set. Where one of them has no ids (run_dpo.py writes none), all are aligned by place, if they
 * have the same subsets in the same order; otherwise they share no pair, which the caller is told.
 */
export function readRewardBenchFiles(paths: readonly string[], dataset: string): Run[] {
  const runs = paths.map((path) => readRewardBenchScores(path, dataset))
  const withoutIds = runs.some(({ pairs }) => pairs.key.some((key, i) => key === positionKey(i)))
  const sequence = ({ pairs }: Run): string =>
    JSON.stringify(Array.from(pairs.subset.code, (c) => pairs.subset.names[c]))
  if (!withoutIds || new Set(runs.map(sequence)).size > 1) return runs
  return runs.map((run) => {
    const key = run.pairs.key.map((_, i) => positionKey(i))
    return {
      ...run,
      pairs: { ...run.pairs, key },
      completions: { ...run.completions, key: key.flatMap(completionKeys) },
    }
  })
}

/** Keys of a pair's two completions. A chosen text that stands in several pairs of a row is the same completion in the first only. */
function completionKeys(key: string): [string, string] {
  if (key.startsWith('\u0000')) return [`${key}\u0000chosen`, `${key}\u0000rejected`]
  const [id, rejected, chosen] = key.split('\u0000') as [string, string, string]
  const again = rejected === '0' ? chosen : `${chosen} of pair ${rejected}`
  return [completionKey(id, 'chosen', again), completionKey(id, 'rejected', rejected)]
}

function parseJson(text: string, where: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
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
      textChosen: at('text_chosen', i) ?? '',
      textRejected: at('text_rejected', i) ?? '',
    })),
  }
}

function fromLines(text: string, path: string): { model: string | null; rows: ImportedPair[] } {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const rows = lines.map((line, i): ImportedPair => {
    const where = `${path}:${i + 1}`
    const row = parseJson(line, where)
    const word = (value: unknown): string | null => (value === undefined || value === null ? null : String(value))
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
      textChosen: word(row.text_chosen) ?? '',
      textRejected: word(row.text_rejected) ?? '',
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
  const cluster = code((r, i) => r.prompt ?? (commonPrefix(r.textChosen, r.textRejected) || `row ${i}`))
  const subset = code((r) => r.subset)
  const seen = new Map<string, number>()
  const key = rows.map((r, i) => {
    // run_dpo.py writes no ids: such a row is known by its place, which no id can look like.
    if (r.id === null) return positionKey(i)
    const n = seen.get(r.id) ?? 0
    seen.set(r.id, n + 1)
    return `${r.id}\u0000${n}\u00000`
  })
  const score = new Column()
  for (const r of rows) {
    score.push(r.chosen)
    score.push(r.rejected)
  }
  const twice = (codes: Int32Array): Int32Array =>
    Int32Array.from({ length: 2 * codes.length }, (_, i) => codes[i >> 1]!)
  return {
    model: model.replaceAll('/', '__'),
    dataset,
    where: path,
    manifest: null,
    warnings: [],
    plainPairs: true,
    pairs: {
      n: rows.length,
      key,
      subset,
      cluster,
      margin: column((r) => r.chosen - r.rejected),
      chosenScore: column((r) => r.chosen),
      rejectedScore: column((r) => r.rejected),
      chosenReward: absent,
      rejectedReward: absent,
      chosenChars: column((r) => [...r.textChosen].length),
      rejectedChars: column((r) => [...r.textRejected].length),
      chosenTokens: absent,
      rejectedTokens: absent,
      writers: null,
    },
    completions: {
      n: 2 * rows.length,
      key: key.flatMap(completionKeys),
      role: {
        names: ['chosen', 'rejected'],
        code: Int32Array.from({ length: 2 * rows.length }, (_, i) => i % 2),
      },
      index: Float64Array.from({ length: 2 * rows.length }, (_, i) =>
        i % 2 === 0 ? 0 : Number(key[i >> 1]!.split('\u0000')[1]) || 0,
      ),
      subset: { names: subset.names, code: twice(subset.code) },
      cluster: { names: cluster.names, code: twice(cluster.code) },
      score: score.done(),
      reward: new Float64Array(2 * rows.length).fill(Number.NaN),
      length: Float64Array.from({ length: 2 * rows.length }, (_, i) => {
        const r = rows[i >> 1]!
        return [...(i % 2 === 0 ? r.textChosen : r.textRejected)].length
      }),
    },
  }
}

function commonPrefix(a: string, b: string): string {
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return a.slice(0, i)
}
