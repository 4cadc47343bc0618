import type { Repair, RepairCount, RepairCounts } from '../types.ts'

/** Counts repairs row by row. */
export class RepairTally {
  private readonly found = new Map<Repair, { completions: number; rows: number }>()

  /** @param row the repairs of each completion of one row */
  add(row: readonly (readonly Repair[])[]): void {
    if (row.every((repairs) => repairs.length === 0)) return
    for (const repair of row.flat()) this.of(repair).completions++
    for (const repair of new Set(row.flat())) this.of(repair).rows++
  }
  get counts(): RepairCounts {
    return Object.fromEntries([...this.found].map(([repair, count]) => [repair, { ...count }]))
  }

  private of(repair: Repair): { completions: number; rows: number } {
    const known = this.found.get(repair) ?? { completions: 0, rows: 0 }
    this.found.set(repair, known)
    return known
  }
}

/** The models of a run mostly read the same texts: each repair counts once, where it was made most often. */
export function mostRepairs(all: readonly RepairCounts[]): RepairCounts {
  const most: Partial<Record<Repair, RepairCount>> = {}
  for (const [repair, count] of all.flatMap((counts) => Object.entries(counts) as [Repair, RepairCount][]))
    if (count.completions > (most[repair]?.completions ?? 0)) most[repair] = count
  return most
}
