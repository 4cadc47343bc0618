import { DEFAULT_MEMORY, memoryText } from './estimate.ts'
import type { JobRun } from './plan.ts'

/** What the analysis of all runs asks for: it reads their tables, as the largest run does its own. */
export function largestMemory(runs: readonly Pick<JobRun, 'estimate'>[]): string {
  const known = runs.flatMap(({ estimate }) => (typeof estimate === 'string' ? [] : [estimate.wholeBytes]))
  return known.length < runs.length
    ? DEFAULT_MEMORY
    : memoryText(known.reduce((most, bytes) => Math.max(most, bytes), 0))
}
