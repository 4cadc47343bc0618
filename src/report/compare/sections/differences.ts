import { figure } from '../../html/figure.ts'
import type { Limits } from '../../html/limits.ts'
import { EMPTY, html, type Markup } from '../../html/markup.ts'
import {
  count,
  decimal,
  interval,
  measured,
  numberCell,
  percent,
  percentInterval,
  plural,
  points,
} from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { forest } from '../../plots/forest.ts'
import { type FileRow, rowsOf } from '../csv-file.ts'
import type { CompareInput } from '../input.ts'
import { shownName } from '../names.ts'

/** A family of paired-tests.csv on the page. Shares are shown in points of a percent. */
const FAMILIES = [
  {
    statistic: 'accuracy_half',
    title: 'Accuracy',
    what: 'half accuracy on the pairs that both scored',
    rows: 'pair',
    share: true,
  },
  {
    statistic: 'auroc',
    title: 'AUROC',
    what: 'AUROC of the score against passing the verifier',
    rows: 'completion',
    share: false,
  },
  {
    statistic: 'best_of_n',
    title: 'Best of n',
    what: 'share of groups whose highest score passes',
    rows: 'group',
    share: true,
  },
] as const
type Family = (typeof FAMILIES)[number]

/** More lines than this make no figure; the table has them. */
const MAX_LINES = 40
const LEVEL = 0.05

/** Every two models on the same rows. null with one model. */
export function differences({ files }: CompareInput, limits: Limits): Section | null {
  const tests = rowsOf(files, 'paired-tests.csv')
  if (tests.length === 0) return null
  return {
    id: 'differences',
    title: 'Paired differences',
    body: html`${FAMILIES.map((family) =>
      part(
        family,
        tests.filter((test) => test.text('statistic') === family.statistic),
        limits,
      ),
    )}`,
  }
}

/**
 * What the interval says of two scorers, in words; null where there is none. Adjusted p-values can only weaken it.
 * @param a column of the first scorer's name
 */
export function verdictOf(test: FileRow, a = 'a', b = 'b'): string | null {
  const [low, high, holm] = [test.number('ci_low'), test.number('ci_high'), test.number('p_holm')]
  if (low === null || high === null) return null
  if (low <= 0 && high >= 0) return 'not distinguishable'
  const better = shownName(test.text(low > 0 ? a : b))
  return holm !== null && holm >= LEVEL ? `${better} higher; not after Holm` : `${better} higher`
}

function part(family: Family, tests: readonly FileRow[], limits: Limits): Markup {
  if (tests.length === 0) return EMPTY
  const measuredTests = tests.filter((test) => test.number('difference') !== null)
  const shown = measuredTests.slice(0, MAX_LINES)
  const left = shown.length < measuredTests.length ? ` The first ${MAX_LINES} of ${count(measuredTests.length)}.` : ''
  const scale = family.share ? 100 : 1
  const by = (value: number | null): number | null => (value === null ? null : value * scale)
  const lines = shown.map((test) => ({
    name: `${shownName(test.text('a'))} − ${shownName(test.text('b'))}`,
    value: by(test.number('difference')),
    low: by(test.number('ci_low')),
    high: by(test.number('ci_high')),
    n: test.number('n') ?? 0,
    filled: verdictOf(test) !== 'not distinguishable',
  }))
  const unit = family.share
    ? `difference in ${family.title.toLowerCase()}, points of a percent`
    : `difference in ${family.title}`
  return html`${
    lines.length === 0
      ? EMPTY
      : figure({
          id: `differences-${family.statistic.replaceAll('_', '-')}`,
          picture: forest(
            lines,
            unit,
            `${unit}: ${lines.map(({ name, value }) => `${name} ${value === null ? '–' : measured(value)}`).join(', ')}.`,
          ),
          caption: html`<b>${family.title} of one model less that of another</b>, on the same ${family.rows}s. Hollow: the 95% interval covers 0, so that the two are not distinguishable. Intervals are unadjusted for the number of comparisons; the adjusted p-values are in the table.${left}`,
          data: {
            header: ['a', 'b', 'difference', 'ci_low', 'ci_high', 'n', 'p', 'p_holm', 'p_bh'],
            rows: shown.map((test) => [
              test.text('a'),
              test.text('b'),
              ...['difference', 'ci_low', 'ci_high', 'n', 'p', 'p_holm', 'p_bh'].map((column) => test.number(column)),
            ]),
          },
        })
  }${table(family, tests, limits)}`
}

function table(family: Family, tests: readonly FileRow[], limits: Limits): Markup {
  const shown = tests.slice(0, limits.tableRows)
  const discordant = family.statistic === 'accuracy_half'
  const value = (v: number | null): string => (v === null ? '–' : family.share ? percent(v) : measured(v))
  const left =
    shown.length < tests.length
      ? ` The first ${count(shown.length)} of ${count(tests.length)}; paired-tests.csv has all.`
      : ''
  const row = (test: FileRow): Markup => {
    const difference = test.number('difference')
    const [low, high] = [test.number('ci_low'), test.number('ci_high')]
    return html`<tr><th scope="row">${shownName(test.text('a'))}</th><th scope="row">${shownName(test.text('b'))}</th>${numberCell(
      value(test.number('value_a')),
    )}${numberCell(value(test.number('value_b')))}${
      difference === null
        ? html`<td class="why" colspan="2">${test.text('reason').replaceAll('_', ' ')}</td>`
        : html`${numberCell(family.share ? points(difference) : measured(difference))}${numberCell(
            family.share ? percentInterval(low, high) : interval(low, high),
          )}`
    }${numberCell(decimal(test.number('p')))}${numberCell(decimal(test.number('p_holm')))}${numberCell(
      decimal(test.number('p_bh')),
    )}${discordant && html`${numberCell(count(test.number('discordant_a') ?? 0))}${numberCell(count(test.number('discordant_b') ?? 0))}`}${numberCell(
      count(test.number('n') ?? 0),
    )}${numberCell(count(test.number('clusters') ?? 0))}${numberCell(count(test.number('missing') ?? 0))}<td>${verdictOf(test) ?? '–'}</td></tr>
`
  }
  return html`<div class="scroll"><table>
<caption>${family.title}: ${family.what}. ${plural(tests.length, 'comparison')}; p two-sided${testText(tests)}, adjusted by Holm and by Benjamini–Hochberg over all of these.${left}</caption>
<thead><tr><th scope="col">A</th><th scope="col">B</th><th scope="col" class="num">of A</th><th scope="col" class="num">of B</th><th scope="col" class="num">A − B</th><th scope="col" class="num">95% interval</th><th scope="col" class="num">p</th><th scope="col" class="num">Holm</th><th scope="col" class="num">BH</th>${
    discordant && html`<th scope="col" class="num">Only A right</th><th scope="col" class="num">Only B right</th>`
  }<th scope="col" class="num">n</th><th scope="col" class="num">Prompts</th><th scope="col" class="num">Missing</th><th scope="col">By the interval</th></tr></thead>
<tbody>${shown.map(row)}</tbody></table></div>
`
}

const TESTS: Readonly<Record<string, string>> = {
  sign_flip: 'signs of the prompts’ differences flipped, all patterns',
  sign_flip_drawn: 'signs of the prompts’ differences flipped, patterns drawn',
  sign_flip_saddlepoint: 'signs of the prompts’ differences flipped, saddlepoint',
  delong: 'DeLong',
  delong_clustered: 'DeLong, clustered by prompt',
}
function testText(tests: readonly FileRow[]): string {
  const found = [...new Set(tests.map((test) => test.text('test')).filter((word) => word !== ''))]
  return found.length === 0 ? '' : ` (${found.map((word) => TESTS[word] ?? word).join('; ')})`
}
