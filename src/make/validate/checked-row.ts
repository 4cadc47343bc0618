import type { Text } from '../../types.ts'
import type { Inspected } from '../jobs.ts'

/** A pair of a file that is validated, with what RDKit and the verifier say of its texts. */
export interface CheckedRow {
  readonly id: string
  readonly where: string
  readonly subset: string
  readonly prompt: Text
  /** Name of the split; '' where there is one alone. */
  readonly split: string
  readonly hasSolution: boolean
  readonly chosen: CheckedText
  readonly rejected: readonly CheckedText[]
}
export interface CheckedText extends Inspected {
  readonly text: string
}

/** Something that a user of the file should know. */
export interface Finding {
  /** snake_case word. */
  readonly check: string
  /** Ids of the rows; of a finding about the file as a whole, none. At most MOST_ROWS, and the message says how many there are. */
  readonly rows: readonly string[]
  readonly message: string
}

/** Ids that a finding lists. */
export const MOST_ROWS = 1000

/** One thing that is looked for: sees every row once, and says at the end what it found. */
export interface Check {
  see(row: CheckedRow): void
  findings(): Iterable<Finding>
}

/** Rows of one finding: ids up to a limit, and how many there are. */
export class RowList {
  private readonly ids: string[] = []
  count = 0
  add(id: string): void {
    this.count++
    if (this.ids.length < MOST_ROWS) this.ids.push(id)
  }
  /** @param message of the count in words */
  *finding(check: string, message: (rows: string) => string): Iterable<Finding> {
    if (this.count === 0) return
    const rows = `${this.count.toLocaleString('en')} ${this.count === 1 ? 'row' : 'rows'}`
    const listed = this.count > this.ids.length ? ` (the first ${MOST_ROWS.toLocaleString('en')} are listed)` : ''
    yield { check, rows: this.ids, message: `${message(rows)}${listed}` }
  }
}
