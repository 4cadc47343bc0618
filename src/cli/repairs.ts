import type { WorkDone } from '../run.ts'
import { mostRepairs } from '../score/repair-tally.ts'
import type { OpenSubject } from '../setup/subject.ts'
import { repairLines } from '../text/repairs.ts'
import type { RepairCount, RepairCounts } from '../types.ts'
import type { Log } from './log.ts'

/** What was mended in a run: the models of one run read the same texts, so that each repair counts once. */
export const repairsOfRun = (work: readonly Pick<WorkDone, 'repairs'>[]): RepairCounts =>
  mostRepairs(work.map(({ repairs }) => repairs))

/** One of the two numbers of every repair. */
export const countsOf = (repairs: RepairCounts, of: keyof RepairCount): Record<string, number> =>
  Object.fromEntries(Object.entries(repairs).map(([repair, count]) => [repair, count[of]]))

/** One line per repair, kept with the warnings of the run. */
export function sayRepairs(counts: RepairCounts, subjects: readonly Pick<OpenSubject, 'text'>[], log: Log): void {
  const facts = subjects[0]?.text
  if (facts !== undefined) for (const line of repairLines(counts, facts)) log.warn(line)
}
