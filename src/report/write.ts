import { join } from 'node:path'
import type { JoinedRow } from '../join.ts'
import type { CompletionRole, Row, ScoredCompletion, ScoredPair } from '../types.ts'
import { type Cell, type CsvWriter, openCsv } from './csv.ts'
import {
  completionHash,
  PAIR_COLUMNS,
  pairCells,
  plain,
  promptCluster,
  SCORE_COLUMNS,
  scoreCells,
  TEXT_COLUMNS,
} from './scores.ts'

/** What the analyses read: every joined completion and pair, in the order of the data. */
export interface Joined {
  readonly completions: readonly ScoredCompletion[]
  readonly pairs: readonly ScoredPair[]
  /** Completions without a measurement, with their place. */
  readonly unscored: readonly {
    readonly where: string
    readonly id: string
    readonly role: string
    readonly index: number
    readonly reason: string
    /** More than the reason says, or null. */
    readonly message: string | null
  }[]
  /** Completions that were cut to fit. */
  readonly truncations: number
  /** Prompt by row id, for rows that make no pair. */
  readonly prompts: ReadonlyMap<string, string>
  /** [chosen, rejected] as the model saw them, aligned with `pairs`; null beyond MAX_RENDERED pairs. */
  readonly rendered: readonly (readonly [string, string])[] | null
  /** Columns of each written file, for the code book. */
  readonly columns: Readonly<Record<string, readonly string[]>>
}

/** Rendered texts are kept for RewardBench's score file up to so many pairs. */
const MAX_RENDERED = 100_000

/** ◆ Writes scores.csv and pairs.csv in one pass and keeps what the analyses need. */
export async function writeScores(
  folder: string,
  rows: AsyncIterable<JoinedRow>,
  options: {
    readonly ownColumns: readonly string[]
    readonly extraColumns: readonly string[]
    readonly scored: boolean
    /** What the model reads of a completion of a row. */
    readonly render: (row: Row, role: CompletionRole, index: number) => string
  },
): Promise<Joined> {
  const taken = new Set<string>(PAIR_COLUMNS)
  const extraNames = options.extraColumns.map((name) => (taken.has(name) ? `input_${name}` : name))
  const scoreColumns = [...SCORE_COLUMNS, ...options.ownColumns, ...TEXT_COLUMNS]
  const pairColumns = [...PAIR_COLUMNS, ...extraNames]
  const completions: ScoredCompletion[] = []
  const pairs: ScoredPair[] = []
  let truncations = 0
  const prompts = new Map<string, string>()
  let rendered: [string, string][] | null = []
  const unscored: Joined['unscored'][number][] = []
  const scores = openCsv(join(folder, 'scores.csv'), scoreColumns)
  let pairFile: CsvWriter | null = null
  try {
    for await (const joined of rows) {
      const { row } = joined
      const cluster = promptCluster(row.prompt)
      for (const [i, completion] of joined.completions.entries()) {
        await scores.write([...scoreCells(completion, joined.details[i]!), cluster, completionHash(completion.text)])
        completions.push(completion)
        if (joined.details[i]!.truncated === true) truncations++
        if (options.scored && completion.scoreReason !== null && completion.scoreReason !== 'head_all')
          unscored.push({
            where: row.where,
            id: row.id,
            role: completion.role,
            index: completion.index,
            reason: completion.scoreReason,
            message: joined.details[i]!.unscoredMessage ?? null,
          })
      }
      if (joined.pairs.length === 0) prompts.set(row.id, plain(row.prompt))
      for (const pair of joined.pairs) {
        pairFile ??= openCsv(join(folder, 'pairs.csv'), pairColumns)
        await pairFile.write([...pairCells(pair), ...options.extraColumns.map((name) => extraCell(pair.extra[name]))])
        pairs.push(pair)
        if (pairs.length > MAX_RENDERED) rendered = null
        rendered?.push([
          options.render(row, 'chosen', pair.chosen.index),
          options.render(row, 'rejected', pair.rejectedIndex),
        ])
      }
    }
    await scores.close()
    await pairFile?.close()
  } catch (error) {
    await scores.abort()
    await pairFile?.abort()
    throw error
  }
  return {
    completions,
    pairs,
    unscored,
    truncations,
    prompts,
    rendered,
    columns: { 'scores.csv': scoreColumns, ...(pairFile !== null && { 'pairs.csv': pairColumns }) },
  }
}

/** A carried column's value as a cell: numbers and text as they are, the rest as JSON. */
const extraCell = (value: unknown): Cell => {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  return JSON.stringify(value)
}
