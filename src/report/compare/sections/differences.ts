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
import { type Letters, lettersOf, shownName } from '../names.ts'

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
export function differences(input: CompareInput, limits: Limits): Section | null {
  const { files } = input
  const letters = lettersOf(input)
  const tests = rowsOf(files, 'paired-tests.csv')
  if (tests.length === 0) return null
  return {
    id: 'differences',
    title: 'Paired differences',
    body: html`${FAMILIES.map((family) =>
      part(
        family,
        tests.filter((test) => test.text('statistic') === family.statistic),
        letters,
        limits,
      ),
    )}`,
  }
}

/**
 * What the interval says of two scorers, in words; null where there is none. Adjusted p-values can only weaken it.
 * @param columns of the two names
 */
export function verdictOf(
  test: FileRow,
  letters: Letters | null = null,
  columns: readonly [string, string] = ['a', 'b'],
): string | null {
  const [low, high, holm] = [test.number('ci_low'), test.number('ci_high'), test.number('p_holm')]
  if (low === null || high === null) return null
  if (low <= 0 && high >= 0) return NOT_DISTINGUISHABLE
  const name = test.text(columns[low > 0 ? 0 : 1])
  const better = letters === null ? shownName(name) : letters.of(name)
  return holm !== null && holm >= LEVEL ? `${better} higher; ${NOT_AFTER_HOLM}` : `${better} higher`
}
export const NOT_DISTINGUISHABLE = 'not distinguishable'
export const NOT_AFTER_HOLM = 'not after Holm'

function part(family: Family, tests: readonly FileRow[], letters: Letters, limits: Limits): Markup {
  if (tests.length === 0) return EMPTY
  const measuredTests = tests.filter((test) => test.number('difference') !== null)
  const shown = measuredTests.slice(0, MAX_LINES)
  const left = shown.length < measuredTests.length ? ` The first ${MAX_LINES} of ${count(measuredTests.length)}.` : ''
  const scale = family.share ? 100 : 1
  const by = (value: number | null): number | null => (value === null ? null : value * scale)
  const shownValue = (value: number): string => (family.share ? points(value / 100) : measured(value))
  const named = [...new Set(shown.flatMap((test) => [test.text('a'), test.text('b')]))]
  const lines = shown.map((test) => ({
    name: `${letters.of(test.text('a'))} − ${letters.of(test.text('b'))}`,
    value: by(test.number('difference')),
    low: by(test.number('ci_low')),
    high: by(test.number('ci_high')),
    n: test.number('n') ?? 0,
    filled: verdictOf(test) !== NOT_DISTINGUISHABLE,
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
            `${unit}, ${letters.key(named)}: ${lines.map(({ name, value }) => `${name} ${value === null ? '–' : shownValue(value)}`).join(', ')}.`,
            'A − B',
            shownValue,
          ),
          caption: html`<b>${family.title} of one model less that of another</b>, on the same ${family.rows}s. ${letters.key(named)}. Hollow: the 95% interval covers 0, so that the two are not distinguishable. Intervals are unadjusted for the number of comparisons; the adjusted p-values are in the table.${left}`,
          data: {
            header: ['a', 'b', 'difference', 'ci_low', 'ci_high', 'n', 'p', 'p_holm', 'p_bh'],
            rows: shown.map((test) => [
              test.text('a'),
              test.text('b'),
              ...['difference', 'ci_low', 'ci_high', 'n', 'p', 'p_holm', 'p_bh'].map((column) => test.number(column)),
            ]),
          },
        })
  }${table(family, tests, letters, limits)}`
}

function table(family: Family, tests: readonly FileRow[], letters: Letters, limits: Limits): Markup {
  const shown = tests.slice(0, limits.tableRows)
  const lost = tests.some((test) => (test.number('missing') ?? 0) > 0)
  const discordant = family.statistic === 'accuracy_half'
  const value = (v: number | null): string => (v === null ? '–' : family.share ? percent(v) : measured(v))
  const left =
    shown.length < tests.length
      ? ` The first ${count(shown.length)} of ${count(tests.length)}; paired-tests.csv has all.`
      : ''
  const row = (test: FileRow): Markup => {
    const difference = test.number('difference')
    const [low, high] = [test.number('ci_low'), test.number('ci_high')]
    return html`<tr><th scope="row" class="names">${letters.named(test.text('a'))}<br>− ${letters.named(test.text('b'))}</th>${numberCell(
      value(test.number('value_a')),
    )}${numberCell(value(test.number('value_b')))}${
      difference === null
        ? html`<td class="why" colspan="2">${test.text('reason').replaceAll('_', ' ')}</td>`
        : html`${numberCell(family.share ? points(difference) : measured(difference))}${numberCell(
            family.share ? percentInterval(low, high) : interval(low, high),
          )}`
    }<td>${verdictOf(test, letters) ?? '–'}</td>${numberCell(decimal(test.number('p')))}${numberCell(
      decimal(test.number('p_holm')),
    )}${numberCell(decimal(test.number('p_bh')))}${
      discordant &&
      numberCell(`${count(test.number('discordant_a') ?? 0)} : ${count(test.number('discordant_b') ?? 0)}`)
    }<td class="num">${count(test.number('n') ?? 0)}<small> / ${count(test.number('clusters') ?? 0)}</small></td>${
      lost && numberCell(count(test.number('missing') ?? 0))
    }</tr>
`
  }
  return html`<div class="scroll"><table>
<caption>${family.title}: ${family.what}. ${plural(tests.length, 'comparison')}; p two-sided${testText(tests)}, adjusted by Holm and by Benjamini–Hochberg over all of these.${discordant && html` <i>Only one right</i>: pairs that only the first has right : only the second.`}${left}</caption>
<thead><tr><th scope="col">Comparison</th><th scope="col" class="num">First</th><th scope="col" class="num">Second</th><th scope="col" class="num">Difference</th><th scope="col" class="num">95% interval</th><th scope="col">By the interval</th><th scope="col" class="num">p</th><th scope="col" class="num">Holm</th><th scope="col" class="num">BH</th>${
    discordant && html`<th scope="col" class="num">Only one right</th>`
  }<th scope="col" class="num">n<small> / prompts</small></th>${lost && html`<th scope="col" class="num">Missing</th>`}</tr></thead>
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
