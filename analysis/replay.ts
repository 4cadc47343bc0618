import { existsSync } from 'node:fs'
import { DataError } from '../src/errors.ts'
import { isFailure } from '../src/pairs/failure.ts'
import { plain, promptCluster } from '../src/plain-text.ts'
import type { Cell } from '../src/report/csv.ts'
import {
  SCORE_COLUMNS,
  type ScoreDetail,
  TEXT_COLUMNS,
  VARIANT_COLUMNS,
  VERDICT_COLUMNS,
} from '../src/report/scores.ts'
import { groupOf } from '../src/score/grouping.ts'
import { pairsOf } from '../src/score/pairing.ts'
import type {
  CompletionGroup,
  Row,
  RowFailure,
  ScoredCompletion,
  ScoredPair,
  StandInFilter,
  VerdictCause,
  VerdictStatus,
} from '../src/types.ts'
import { numberIn } from './csv-rows.ts'
import { openCsvStream, type StreamedRow } from './csv-stream.ts'

/** A row of the data with what scores.csv says of it. */
export interface ReplayedRow {
  readonly row: Row
  readonly completions: readonly ScoredCompletion[]
  readonly details: readonly ScoreDetail[]
  readonly pairs: readonly ScoredPair[]
  readonly group: CompletionGroup | null
}

/** The scorer's own columns in scores.csv. @throws DataError where a column of the contract is missing */
export async function ownColumnsOf(path: string): Promise<string[]> {
  const stream = await openCsvStream(path)
  await stream.close()
  const header = stream.columns
  const known = new Set<string>([...SCORE_COLUMNS, ...TEXT_COLUMNS, ...VERDICT_COLUMNS, ...VARIANT_COLUMNS])
  const absent = [...SCORE_COLUMNS, ...TEXT_COLUMNS].filter((name) => !header.includes(name))
  if (absent.length > 0) throw new DataError(`has no column ${absent.join(', ')}`, path, 'Run it again.')
  return header.filter((name) => !known.has(name))
}

/**
 * ◆ The joined rows of a run without its model: texts from the data, scores, verdicts and tokens from scores.csv, which holds the
 * completions in the order of the data. One row is in memory at a time.
 * @param unscored what failures.csv says beside the reason, by where the row is and how it begins
 * @throws DataError where scores.csv has other completions than the data
 */
export async function* replay(
  rows: AsyncIterable<Row | RowFailure>,
  path: string,
  ownColumns: readonly string[],
  unscored: (where: string, role: string, index: number, reason: string) => string | null,
): AsyncGenerator<ReplayedRow> {
  const lines = await openCsvStream(path)
  let line = 0
  for await (const row of rows) {
    if (isFailure(row)) continue
    const completions: ScoredCompletion[] = []
    const details: ScoreDetail[] = []
    for (const completion of row.completions) {
      const get = await lines.next()
      line++
      const expected = `${row.id}, ${completion.role} ${completion.index}`
      if (get === null)
        throw new DataError(`ends before ${expected}, of ${row.where}`, path, 'Rows were taken out, or the data grew.')
      const found = `${get('id')}, ${get('role')} ${get('index')}`
      if (found !== expected)
        throw new DataError(
          `${found} stands where the data have ${expected} (${row.where})`,
          `${path}: row ${line}`,
          'Rows were taken out, added or moved, or the data are others.',
        )
      const number = (column: string): number | null => present(numberIn(get(column), path, line, column))
      const score = number('score')
      const scoreReason = textOf(get, 'score_reason')
      completions.push({
        id: row.id,
        subset: row.subset,
        problemType: row.problemType,
        cluster: promptCluster(row.prompt),
        role: completion.role,
        index: completion.index,
        text: plain(completion.text),
        score,
        scoreReason,
        verifiableReward: number('verifiable_reward'),
        verifiableStatus: statusIn(get('verifiable_status'), `${path}: row ${line}`),
        verifiableReason: textOf(get, 'verifiable_reason'),
        verdictCause: wordIn(get('verdict_cause'), CAUSES, 'verdict_cause', `${path}: row ${line}`),
        hingesOn: wordIn(get('hinges_on'), HINGES, 'hinges_on', `${path}: row ${line}`),
        formatReward: number('format_reward'),
        promptTokens: number('prompt_tokens'),
        completionTokens: number('completion_tokens'),
        ...(completion.variant !== undefined && { variant: completion.variant }),
      })
      const truncated = number('truncated')
      details.push({
        truncated: truncated === null ? null : truncated !== 0,
        scoredTokenIndex: number('scored_token_index'),
        textSha256: textOf(get, 'text_sha256'),
        unscoredMessage:
          scoreReason === null ? null : unscored(row.where, completion.role, completion.index, scoreReason),
        own: ownColumns.map((name) => cellOf(get(name))),
      })
    }
    yield {
      row,
      completions,
      details,
      pairs: row.kind === 'pair' ? pairsOf(row, completions) : [],
      group: row.kind === 'group' ? groupOf(row, completions) : null,
    }
  }
  if ((await lines.next()) !== null)
    throw new DataError('goes on behind the last row of the data', `${path}: row ${line + 1}`)
}

/** What failures.csv has behind the reason of a completion without a score. */
export async function unscoredMessages(
  path: string,
  beginning: (role: string, index: number, reason: string) => string,
): Promise<(where: string, role: string, index: number, reason: string) => string | null> {
  const messages = new Map<string, string[]>()
  if (existsSync(path))
    for await (const get of rowsOf(path)) {
      const own = messages.get(get('where'))
      if (own === undefined) messages.set(get('where'), [get('message')])
      else own.push(get('message'))
    }
  return (where, role, index, reason) => {
    const start = `${beginning(role, index, reason)}, `
    return (
      messages
        .get(where)
        ?.find((one) => one.startsWith(start))
        ?.slice(start.length) ?? null
    )
  }
}

async function* rowsOf(path: string): AsyncGenerator<StreamedRow> {
  const stream = await openCsvStream(path)
  for (let row = await stream.next(); row !== null; row = await stream.next()) yield row
}

const present = (value: number): number | null => (Number.isNaN(value) ? null : value)
const textOf = (get: StreamedRow, column: string): string | null => (get(column) === '' ? null : get(column))

const STATUSES: readonly VerdictStatus[] = ['pass', 'partial', 'fail', 'unverifiable']
const CAUSES: readonly VerdictCause[] = ['answer', 'target', 'oracle', 'verifier']
const HINGES: readonly StandInFilter[] = ['rings', 'fingerprints', 'rings+fingerprints', 'purchasable']

/** One of some words; null where the cell is empty, or the column is not there. */
function wordIn<W extends string>(
  cell: string | undefined,
  words: readonly W[],
  column: string,
  where: string,
): W | null {
  if (cell === undefined || cell === '') return null
  const found = words.find((word) => word === cell)
  if (found === undefined) throw new DataError(`${column} is "${cell}", one of ${words.join(', ')}`, where)
  return found
}
function statusIn(cell: string, where: string): VerdictStatus {
  const status = wordIn(cell, STATUSES, 'verifiable_status', where)
  if (status === null) throw new DataError(`verifiable_status is "", one of ${STATUSES.join(', ')}`, where)
  return status
}

/** A cell of the scorer's own, as it was given to be written. */
const cellOf = (cell: string): Cell => {
  if (cell === '') return null
  const value = Number(cell)
  return cell.trim() === cell && String(value) === cell ? value : cell
}
