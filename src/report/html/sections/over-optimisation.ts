import { subsetName } from '../../../subset-name.ts'
import type { GroupsReport, OverOptimisationRecord } from '../group-input.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { decimal, measured, plural } from '../numbers.ts'
import { ALL } from '../statistic-table.ts'

/** Does more choice make the model's pick worse? In words, of all groups; then of the subsets in which it does. */
export function overOptimisationText(declines: GroupsReport['declines']): Markup {
  const passes = declines.filter(({ test }) => test.method === 'best_of_n')
  const all = passes.find(({ test }) => test.subset === ALL)
  if (all === undefined) return EMPTY
  const falling = passes.filter(({ test, pHolm }) => test.subset !== ALL && pHolm !== null && pHolm < 0.05)
  return html`<div class="prose">
<p><b>Over-optimisation.</b> ${sentence(all.test)}${
    falling.length === 0
      ? ''
      : ` It falls in ${falling.map(({ test, pHolm }) => `${subsetName(test.subset)} (p = ${decimal(pHolm)}, adjusted by Holm over the tests of this run)`).join(', ')}.`
  }</p>
</div>
`
}

function sentence(test: OverOptimisationRecord): string {
  const { peakN, peak, lastN, last, decline, interval, p, groups, leftOut, reason } = test
  if (reason !== null || peakN === null || lastN === null || decline === null)
    return `Not tested: ${(reason ?? 'no curve').replaceAll('_', ' ')}.`
  const on = `${plural(groups, 'group')} with ${lastN} completions or more${leftOut === 0 ? '' : `, ${plural(leftOut, 'smaller one')} left out`}`
  if (peakN === lastN) return `None is seen: the share of right picks is highest at the largest n, ${lastN} (${on}).`
  const range =
    interval.interval === null ? '' : ` [${measured(interval.interval.low)}, ${measured(interval.interval.high)}]`
  const fall = `From its peak at n = ${peakN} (${measured(peak ?? 0)}) to n = ${lastN} (${measured(last ?? 0)}) the share of right picks falls by ${measured(decline)}${range}`
  const verdict =
    p === null
      ? 'it was not tested'
      : p < 0.05
        ? `of a curve that never declines, and of a score that says nothing, so large a fall would be seen with p ≤ ${decimal(p)}: choosing among more completions by this score makes the pick worse`
        : `of a curve that never declines, and of a score that says nothing, so large a fall would be seen with p ≤ ${decimal(p)}, so that it may be chance`
  return `${fall}; ${verdict} (${on}).`
}
