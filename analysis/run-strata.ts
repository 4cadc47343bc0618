import { coded } from '../src/agreement/columns.ts'
import { FAULT_SCOPE, FORM_SCOPE, NOT_WELL_FORMED, WELL_FORMED } from '../src/agreement/faults.ts'
import type { BootstrapSettings } from '../src/agreement/intervals.ts'
import { lengthStrata, NO_LEVEL, STRATIFICATIONS, type Stratum } from '../src/agreement/strata.ts'
import type { Statistic } from '../src/types.ts'
import { kindOf, type Run } from './runs.ts'

/** Columns of pairs.csv that strata are read from; each is named like its stratum. */
export const STRATUM_COLUMNS = [
  'well_formed',
  'rejected_fault',
  'problem_type',
  'reject_kind',
  'rejected_reason',
] as const
/** Those that the report leads with: there though all pairs are of one level. */
const LEADING: readonly string[] = [FORM_SCOPE, FAULT_SCOPE]

/** The strata of a run, as far as its pairs.csv says to which level a pair belongs. */
export function strataOfRun(run: Pick<Run, 'pairs' | 'model' | 'manifest' | 'kind'>): Stratum[] {
  const { strata = {}, n } = run.pairs
  if (kindOf(run) === 'verifier') return []
  return STRATIFICATIONS.flatMap(({ name }): Stratum[] => {
    const column = strata[name]
    if (column === undefined) return []
    const { names, code } = coded(
      column.names.map((cell) => levelOf(name, cell)),
      column.names.length,
    )
    const levels = { names, code: new Int32Array(n) }
    for (let i = 0; i < n; i++) levels.code[i] = code[column.code[i]!]!
    return [{ name, ...(LEADING.includes(`stratum:${name}`) && { leads: true }), levels }]
  })
}

/** Those of the lengths in its pairs.csv. */
export const lengthStrataOfRun = (run: Run, settings: BootstrapSettings): Statistic[] =>
  kindOf(run) === 'verifier' ? [] : lengthStrata(run.pairs, settings)

/** A level as agreement.csv calls it. */
const levelOf = (name: string, cell: string): string =>
  cell === '' ? NO_LEVEL : name !== 'well_formed' ? cell : cell === '1' ? WELL_FORMED : NOT_WELL_FORMED
