import { join } from 'node:path'
import type { Joined } from '../collect.ts'
import { writeCsv } from '../report/csv.ts'
import type { RowFailure } from '../types.ts'
import { unscoredHint } from './failure-lines.ts'

/** The failures of a run: rows that could not be read, then completions without a score. */
export const failuresOf = (
  unread: readonly RowFailure[],
  unscored: Joined['unscored'],
  stepSeparator: string | null,
): RowFailure[] => [
  ...unread,
  ...unscored.map(({ where, id, role, index, reason, message }) => ({
    where,
    id,
    reason,
    message: `${noScore(role, index, reason)}${message === null ? '' : `, ${message}`}`,
    hint: unscoredHint(reason, message, stepSeparator),
  })),
]

/** @example noScore('chosen', 0, 'too_long') // 'chosen 0 has no score: too_long' */
export const noScore = (role: string, index: number, reason: string): string =>
  `${role} ${index} has no score: ${reason}`

export const FAILURE_COLUMNS = ['where', 'id', 'reason', 'message', 'hint'] as const
export const writeFailures = (folder: string, failures: readonly RowFailure[]): Promise<void> =>
  writeCsv(
    join(folder, 'failures.csv'),
    FAILURE_COLUMNS,
    failures.map((f) => [f.where, f.id, f.reason, f.message, f.hint]),
  )
