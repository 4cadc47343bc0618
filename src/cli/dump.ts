import { isFailure } from '../pairs/failure.ts'
import type { OpenSubject } from '../setup/subject.ts'
import type { Row, RowFailure } from '../types.ts'
import { printText } from './screen.ts'

/** `--dump-rendered N`: what the models read of the first N rows: the rendered text, and every id with its token. */
export async function dumpRows(
  rows: AsyncIterable<Row | RowFailure>,
  subjects: readonly OpenSubject[],
  count: number,
): Promise<number> {
  printText('> first token of the completion, * token that the head reads\n\n')
  let seen = 0
  for await (const row of rows) {
    if (isFailure(row)) continue
    for (const subject of subjects)
      for (const [i, prepared] of subject.prepare(row).entries()) {
        const { role, index } = row.completions[i]!
        const label = `${row.where}, ${row.id}, ${role} ${index}, ${subject.role} ${subject.name}`
        printText(`${subject.dump(label, prepared)}\n`)
      }
    if (++seen >= count) break
  }
  return 0
}
