import { DataError } from '../errors.ts'
import { isFailure } from '../pairs/failure.ts'
import { type ReadOptions, readRows } from '../pairs/read.ts'
import type { Row, RowFailure } from '../types.ts'

const HINT =
  'Columns go by their names here: "prompt", "chosen" and "rejected", "ideal" or "completions", "solution". SMILES go into a .smi file, one per line.'
const own = (hint: string | null): string | null => (hint?.includes('--prompt-column') ? HINT : hint)

/** `readRows`, whose hints name flags for columns that `make-pairs` does not have. */
export async function* readNamedRows(
  path: string,
  options: Pick<ReadOptions, 'prompts'> = {},
): AsyncGenerator<Row | RowFailure> {
  try {
    for await (const row of readRows(path, options)) yield isFailure(row) ? { ...row, hint: own(row.hint) } : row
  } catch (cause) {
    if (!(cause instanceof DataError) || own(cause.hint) === cause.hint) throw cause
    throw new DataError(cause.message, cause.where, own(cause.hint), { cause })
  }
}
