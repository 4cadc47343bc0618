import { isFailure } from '../pairs/failure.ts'
import { isUnscored, type Prepared, type Subject } from '../score/subject.ts'
import type { Row, RowFailure } from '../types.ts'

/** `--dump-rendered N`: what the models read of the first N rows, text and ids, one JSON object a completion and model. */
export async function dumpRows(
  rows: AsyncIterable<Row | RowFailure>,
  subjects: readonly Subject[],
  count: number,
): Promise<number> {
  let seen = 0
  for await (const row of rows) {
    if (isFailure(row)) continue
    for (const subject of subjects)
      for (const [i, prepared] of subject.prepare(row).entries()) {
        const completion = row.completions[i]!
        const shown = isUnscored(prepared) ? prepared : preparedText(subject, prepared)
        const { id, where } = row
        const { role, index } = completion
        const text = subject.show(row, completion)
        process.stdout.write(`${JSON.stringify({ id, where, role, index, model: subject.role, text, ...shown })}\n`)
      }
    if (++seen >= count) break
  }
  return 0
}

/** `at`: the token that the head reads, or the first whose log-prob counts. */
const preparedText = (subject: Subject, prepared: Prepared): Record<string, unknown> => ({
  ids: [...prepared.ids],
  tokens: subject.tokens(prepared.ids),
  position_start: prepared.positionStart,
  start: prepared.start,
  at: prepared.at,
  truncated: prepared.truncated,
  repairs: prepared.repairs,
})
