import { join } from 'node:path'
import { completionHash, promptCluster } from '../plain-text.ts'
import type { Row, ScoredCompletion, ScoredPair } from '../types.ts'
import { type Cell, type CsvWriter, openCsv } from './csv.ts'
import {
  PAIR_COLUMNS,
  pairCells,
  SCORE_COLUMNS,
  type ScoreDetail,
  scoreCells,
  TEXT_COLUMNS,
  VARIANT_COLUMNS,
  VERDICT_COLUMNS,
  variantCells,
  verdictCells,
} from './scores.ts'

/** What is written of a row. */
export interface ScoredRow {
  readonly row: Pick<Row, 'prompt'>
  readonly completions: readonly ScoredCompletion[]
  readonly details: readonly ScoreDetail[]
  readonly pairs: readonly ScoredPair[]
}

/** What the data and the scorer add to the columns. */
export interface AddedColumns {
  /** The scorer's own, in scores.csv. */
  readonly ownColumns: readonly string[]
  /** Those of the data that we do not read, in pairs.csv. */
  readonly extraColumns: readonly string[]
  /** The data say of completions how they were made of another one: columns of scores.csv. Default: they do not. */
  readonly variants?: boolean
}

/** Columns of scores.csv and pairs.csv. A column of the data that is called like one of ours gets `input_` in front. */
export function scoreFileColumns({ ownColumns, extraColumns, variants = false }: AddedColumns) {
  const taken = new Set<string>(PAIR_COLUMNS)
  const extraNames = extraColumns.map((name) => (taken.has(name) ? `input_${name}` : name))
  return {
    'scores.csv': [
      ...SCORE_COLUMNS,
      ...ownColumns,
      ...TEXT_COLUMNS,
      ...VERDICT_COLUMNS,
      ...(variants ? VARIANT_COLUMNS : []),
    ],
    'pairs.csv': [...PAIR_COLUMNS, ...extraNames],
  } satisfies Record<string, readonly string[]>
}

/**
 * ◆ Writes scores.csv, and pairs.csv where a row makes a pair, and hands the rows on as they come. The files take their names after the
 * last row; where reading stops before, there are none.
 */
export async function* writeScores<R extends ScoredRow>(
  folder: string,
  rows: AsyncIterable<R>,
  added: AddedColumns,
): AsyncGenerator<R> {
  const columns = scoreFileColumns(added)
  const scores = openCsv(join(folder, 'scores.csv'), columns['scores.csv'])
  let pairs: CsvWriter | null = null
  let whole = false
  try {
    for await (const joined of rows) {
      const cluster = promptCluster(joined.row.prompt)
      for (const [i, completion] of joined.completions.entries())
        await scores.write([
          ...scoreCells(completion, joined.details[i]!),
          cluster,
          completionHash(completion.text),
          ...verdictCells(completion),
          ...(added.variants === true ? variantCells(completion) : []),
        ])
      for (const pair of joined.pairs) {
        pairs ??= openCsv(join(folder, 'pairs.csv'), columns['pairs.csv'])
        await pairs.write([...pairCells(pair), ...added.extraColumns.map((name) => extraCell(pair.extra[name]))])
      }
      yield joined
    }
    await scores.close()
    await pairs?.close()
    whole = true
  } finally {
    if (!whole) {
      await scores.abort()
      await pairs?.abort()
    }
  }
}

/** A carried column's value as a cell: numbers and text as they are, the rest as JSON. */
const extraCell = (value: unknown): Cell => {
  if (value === undefined || value === null) return null
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  return JSON.stringify(value)
}
