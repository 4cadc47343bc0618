import { firstWhere } from '../../statistic-lines.ts'
import { completionTable } from './completion-table.ts'
import { groupTable } from './group-table.ts'
import type { ReportInput } from './input.ts'
import { LIMITS, type Limits } from './limits.ts'
import type { Markup } from './markup.ts'
import { page } from './page.ts'
import { pairTable } from './pair-table.ts'
import { picked } from './picked.ts'
import { type RowTable, type Stock, stocked } from './row-table.ts'
import { scaleSentence } from './scale.ts'
import { advantages } from './sections/advantages.ts'
import { agreement } from './sections/agreement.ts'
import { calibration } from './sections/calibration.ts'
import { claims } from './sections/claims.ts'
import { drift } from './sections/drift.ts'
import { failures } from './sections/failures.ts'
import { groups } from './sections/groups.ts'
import { headline } from './sections/headline.ts'
import { invariance } from './sections/invariance.ts'
import { lengths } from './sections/length.ts'
import { provenance } from './sections/provenance.ts'
import { reasons } from './sections/reasons.ts'
import { rows } from './sections/rows.ts'
import { scores } from './sections/scores.ts'
import { sensitivity } from './sections/sensitivity.ts'
import { steps } from './sections/steps.ts'
import { strata } from './sections/strata.ts'
import { subsets } from './sections/subsets.ts'
import { chapterOf } from './statistic-table.ts'
import { stepTable } from './step-table.ts'

/**
 * report.html: one file that opens from disk, with no request and no script but its own. Every text of the data is escaped.
 * The same input gives the same bytes.
 * @param limits what fits into a page; what does not is left out by informativeness, and the page says so
 */
export function reportPage(input: ReportInput, limits: Limits = LIMITS): Markup {
  const { molecules } = input
  const paired = input.pairs.length > 0
  const { tables, stock } = browsersOf(input, limits)
  const sections = [
    headline(input),
    steps(input, limits),
    claims(input, limits),
    invariance(input, limits),
    groups(input, limits),
    advantages(input, limits),
    paired ? subsets(input, limits) : null,
    input.completions.length > 0 ? agreement(input, limits) : null,
    input.completions.length > 0 ? scores(input) : null,
    paired || firstWhere(input.statistics, (line) => chapterOf(line) === 'calibration') !== undefined
      ? calibration(input)
      : null,
    sensitivity(input, limits),
    paired ? lengths(input) : null,
    paired ? strata(input) : null,
    input.completions.length > 0 ? reasons(input) : null,
    failures(input, limits),
    drift(input),
    ...rows(tables, molecules !== null, stock, scaleSentence(input.run)),
    provenance(input),
  ]
  return page(
    input,
    sections.filter((section) => section !== null),
  )
}

/** The same as one text. */
export const renderReport = (input: ReportInput, limits?: Limits): string => reportPage(input, limits).text

/** Completions of a group stand in two browsers; their texts and drawings stand in the page once. */
function browsersOf(
  input: ReportInput,
  limits: Limits,
): { readonly tables: readonly RowTable[]; readonly stock: Stock | null } {
  const { pairs, completions, prompts, groups, steps } = input
  const shared = picked(input, limits)
  const grouped = groupTable(groups, shared, limits)
  const single = completionTable(completions, prompts, shared, limits)
  const own = [stepTable(steps, input, limits), pairTable(pairs, input, limits)]
  const present = (found: readonly (RowTable | null)[]): readonly RowTable[] => found.filter((table) => table !== null)
  if (grouped === null || single === null) return { tables: present([grouped, ...own, single]), stock: null }
  const { texts, clipped } = shared.pool.within(limits.textLength, limits.longestText)
  return {
    tables: present([stocked(grouped, clipped), ...own, stocked(single, clipped)]),
    stock: { texts, drawings: shared.drawings.all },
  }
}
