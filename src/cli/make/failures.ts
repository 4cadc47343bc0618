import type { RowFailure } from '../../types.ts'
import type { Log } from '../log.ts'

/** Failures that are told one by one; the rest is counted by reason, so that a file of nothing else takes no memory. */
const TOLD = 100

/** Rows that could not be read, told as they come. */
export class FailureCount {
  private readonly untold = new Map<string, { count: number; readonly first: string; last: string }>()
  private told = 0
  total = 0
  constructor(private readonly log: Log) {}

  readonly add = ({ where, reason, message, hint }: RowFailure): void => {
    this.total++
    if (this.told < TOLD) {
      this.told++
      this.log.warn(`${where}: ${message}${hint === null ? '' : ` (${hint})`}`, { where, reason })
      return
    }
    const known = this.untold.get(reason)
    if (known === undefined) this.untold.set(reason, { count: 1, first: where, last: where })
    else {
      known.count++
      known.last = where
    }
  }

  say(): void {
    for (const [reason, { count, first, last }] of this.untold)
      this.log.warn(`${count.toLocaleString('en')} more rows: ${reason}, from ${first} to ${last}`, { reason, count })
  }
}
