import { completionTable } from './completion-table.ts'
import type { ReportInput } from './input.ts'
import { LIMITS, type Limits } from './limits.ts'
import { page } from './page.ts'
import { pairTable } from './pair-table.ts'
import { agreement } from './sections/agreement.ts'
import { calibration } from './sections/calibration.ts'
import { drift } from './sections/drift.ts'
import { failures } from './sections/failures.ts'
import { headline } from './sections/headline.ts'
import { lengths } from './sections/length.ts'
import { provenance } from './sections/provenance.ts'
import { reasons } from './sections/reasons.ts'
import { rows } from './sections/rows.ts'
import { scores } from './sections/scores.ts'
import { strata } from './sections/strata.ts'
import { subsets } from './sections/subsets.ts'

/**
 * report.html: one file that opens from disk, with no request and no script but its own. Every text of the data is escaped.
 * The same input gives the same bytes.
 * @param limits what fits into a page; what does not is left out by informativeness, and the page says so
 */
export function renderReport(input: ReportInput, limits: Limits = LIMITS): string {
  const { molecules } = input
  const tables = [
    pairTable(input.pairs, molecules, limits),
    completionTable(input.completions, input.prompts, molecules, limits),
  ].filter((table) => table !== null)
  const drifted = drift(input)
  return page(input, [
    headline(input),
    subsets(input),
    agreement(input, limits),
    scores(input),
    calibration(input),
    lengths(input),
    strata(input),
    reasons(input),
    failures(input, limits),
    ...(drifted === null ? [] : [drifted]),
    ...rows(tables, molecules !== null),
    provenance(input),
  ])
}
