import { isFailure } from '../pairs/failure.ts'
import { isUnscored, type Subject } from '../score/subject.ts'
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
    for (const completion of row.completions)
      for (const subject of subjects) {
        const prepared = subject.prepare(row, completion)
        const { id, where } = row
        const { role, index } = completion
        const shown = isUnscored(prepared)
          ? prepared
          : {
              ...subject.show(row, completion),
              ids: [...prepared.ids],
              position_start: prepared.positionStart,
              at: prepared.at,
              repairs: prepared.repairs,
            }
        process.stdout.write(`${JSON.stringify({ id, where, role, index, model: subject.role, ...shown })}\n`)
      }
    if (++seen >= count) break
  }
  return 0
}
