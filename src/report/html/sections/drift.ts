import { subsetName } from '../../../subset-name.ts'
import type { DriftReport, ReportInput } from '../input.ts'
import { html, type Markup } from '../markup.ts'
import { ABSENT, count, decimal, numberCell, plural } from '../numbers.ts'
import { absent, type Section } from '../section.ts'

/** What the number format of the run changed against float32; no chapter where the run is in float32. */
export function drift({ drift: found }: ReportInput): Section | null {
  if (found === null) return null
  const title = `Drift of ${found.dtype} against fp32`
  const body = !found.measured
    ? absent(`Drift not measured: ${found.reason}.`)
    : html`${facts(found)}${found.reason === null ? '' : absent(`${found.reason}.`)}${subsets(found)}`
  return { id: 'drift', title, body }
}

type Measured = Extract<DriftReport, { measured: true }>

/** With two digits, however small. @example share(0.00017) // '0.017%' */
const share = (value: number | null): string => (value === null ? ABSENT : `${(100 * value).toPrecision(2)}%`)

function facts(found: Measured): Markup {
  const { rows, dtype, completions, spread, pairs, flips, nearTies, atRisk, scoredPairs, largestMargin } = found
  const moved = html`<p>${plural(rows, 'row')} drawn by the seed, ${plural(completions, 'completion')}, were scored in fp32 as well. The scores in ${dtype} differ by ${share(found.rmsShare)} of their spread (root mean square), at most by ${share(found.largestShare)}; the spread, from the 5th to the 95th percentile in fp32, is ${decimal(spread)}. Spearman's ρ is ${decimal(found.spearman)}, the mean difference ${decimal(found.bias)}.</p>
`
  if (pairs === 0)
    return html`<div class="prose">${moved}</div>
`
  return html`<div class="prose">${moved}<p>${plural(flips, 'pair')} of ${count(pairs)} ${flips === 1 ? 'has' : 'have'} another outcome. A margin changed by ${decimal(largestMargin)} at most: ${plural(nearTies, 'pair')} of the sample ${nearTies === 1 ? 'is' : 'are'} that near a tie in fp32, and of the ${count(scoredPairs)} scored pairs of the whole run ${count(atRisk ?? 0)} in ${dtype}; one whose two answers are the same text is not counted.</p>
</div>
`
}

function subsets({ subsets: all }: Measured): Markup {
  const rows = all.map(
    (one) =>
      html`<tr><th scope="row">${subsetName(one.subset)}</th>${[
        count(one.completions),
        decimal(one.rms),
        decimal(one.largest),
        count(one.pairs),
        count(one.flips),
        count(one.nearTies),
      ].map(numberCell)}</tr>
`,
  )
  return html`<div class="scroll"><table><caption>By subset. rms and largest: differences of the scores, in their own unit.</caption>
<thead><tr><th>subset</th>${['completions', 'rms', 'largest', 'pairs', 'flips', 'near-ties'].map((name) => html`<th class="num">${name}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>
`
}
