import { FAULT_SCOPE, FORM_SCOPE, NOT_WELL_FORMED, WELL_FORMED } from '../src/agreement/faults.ts'
import type { BootstrapSettings } from '../src/agreement/intervals.ts'
import { STRATIFICATIONS, stratumStatistics } from '../src/agreement/strata.ts'
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

/** Scopes `stratum:…` of a run, as far as its pairs.csv says to which level a pair belongs; as the run itself has them. */
export function strataOfRun(run: Run, settings: BootstrapSettings): Statistic[] {
  const { strata = {} } = run.pairs
  if (kindOf(run) === 'verifier') return []
  return STRATIFICATIONS.flatMap(({ name }) => {
    const column = strata[name]
    if (column === undefined) return []
    const levels = column.names.map((level) => levelOf(name, level))
    return stratumStatistics(
      { name, ...(LEADING.includes(`stratum:${name}`) && { leads: true }) },
      Array.from(column.code, (code) => levels[code]!),
      run.pairs,
      settings,
    )
  })
}

/** A level as agreement.csv calls it. */
const levelOf = (name: string, cell: string): string | null =>
  cell === '' ? null : name !== 'well_formed' ? cell : cell === '1' ? WELL_FORMED : NOT_WELL_FORMED
