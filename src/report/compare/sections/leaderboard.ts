import { figure } from '../../html/figure.ts'
import { EMPTY, html, type Markup } from '../../html/markup.ts'
import { count, numberCell, percent, percentInterval, plural } from '../../html/numbers.ts'
import { absent, type Section } from '../../html/section.ts'
import { MIN_PROMPTS, whyNot } from '../../html/statistic-table.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { type FileRow, rowsOf } from '../csv-file.ts'
import type { CompareInput } from '../input.ts'
import { lettersOf, shownName } from '../names.ts'
import { NOT_AFTER_HOLM, NOT_DISTINGUISHABLE, verdictOf } from './differences.ts'
import { bothWellFormed, type Formed } from './strata.ts'

const KINDS: Readonly<Record<string, string>> = {
  rm: 'reward model',
  dpo: 'DPO',
  'dpo-ref-free': 'DPO without reference',
  verifier: 'verifier',
}
const isModel = (row: FileRow): boolean => !['ensemble', 'null', 'verifier'].includes(row.text('kind'))

/** All scorers by accuracy: what is compared, first. */
export function leaderboard(input: CompareInput): Section {
  const { files, infos, warnings, runs } = input
  const notes = [...input.notes, ...infos]
  const rows = rowsOf(files, 'leaderboard.csv')
  const body =
    rows.length === 0
      ? absent(
          runs.every(({ pairs }) => pairs === 0)
            ? 'No leaderboard of pairs: no run has pairs, its completions stand alone or in groups.'
            : 'No leaderboard: the runs have no pair in common. Each of them is analysed by itself in agreement.csv.',
        )
      : html`${inWords(input, rows)}${dots(rows)}${table(input, rows)}`
  return {
    id: 'leaderboard',
    title: 'Models beside each other',
    body: html`${warningList(warnings)}${body}${
      notes.length > 0 &&
      html`<ul class="note">${notes.map((note) => html`<li>${note}</li>\n`)}</ul>
`
    }`,
  }
}

const warningList = (warnings: readonly string[]): Markup =>
  warnings.length === 0
    ? EMPTY
    : html`<ul class="warnings">${warnings.map((line) => html`<li>${shownNames(line)}</li>\n`)}</ul>
`

/** A warning of the screen with the page's names. @example shownNames('better: null:longest (a)') // 'better: longest (a)' */
export const shownNames = (line: string): string =>
  line.replace(/\bnull:([a-z_]+)(?= \()/g, (_, name: string) => name.replaceAll('_', ' '))

/** Who leads, who cannot be told from it, and which baselines do as well as a model. */
function inWords(input: CompareInput, rows: readonly FileRow[]): Markup {
  const { files } = input
  const ranked = rows.filter((row) => row.number('rank') !== null)
  const [best, ...others] = ranked.filter(isModel)
  if (best === undefined) return EMPTY
  const name = best.text('scorer')
  const tests = rowsOf(files, 'paired-tests.csv').filter((test) => test.text('statistic') === 'accuracy_half')
  const verdictOn = (other: FileRow): string | null => {
    const test = tests.find(
      (one) =>
        [one.text('a'), one.text('b')].includes(name) && [one.text('a'), one.text('b')].includes(other.text('scorer')),
    )
    return test === undefined ? null : verdictOf(test)
  }
  const alike = others.filter((other) => verdictOn(other) === NOT_DISTINGUISHABLE)
  const unsure = others.filter((other) => verdictOn(other)?.endsWith(NOT_AFTER_HOLM) === true)
  const quick = (row: FileRow): string => `${shownName(row.text('scorer'))} (${percent(row.number('half'))})`
  const unbeaten = ranked.filter(
    (row) =>
      row.text('kind') === 'null' &&
      ranked.some((model) => isModel(model) && model.number('half')! <= row.number('half')!),
  )
  const formed = bothWellFormed(input)
  const sentences = [
    `${shownName(name)} prefers the chosen completion in ${percent(best.number('half'))} ${percentInterval(best.number('half_low'), best.number('half_high'))} of ${plural(best.number('n') ?? 0, 'pair')} (${plural(best.number('clusters') ?? 0, 'prompt')}) that all ranked models scored.`,
    others.length === 0
      ? ''
      : alike.length === 0
        ? 'The interval of its difference to every other model excludes 0.'
        : `Not distinguishable from it: ${alike.map(quick).join(', ')}.`,
    unsure.length === 0
      ? ''
      : `Apart from it by the interval, but not once the tests are corrected for their number: ${unsure.map(quick).join(', ')}.`,
    formed.length === 0 ? '' : formedText(formed),
    unbeaten.length === 0 ? '' : `Baselines that do at least as well as a model: ${unbeaten.map(quick).join(', ')}.`,
  ]
  return html`<div class="prose"><p>${sentences.filter((sentence) => sentence !== '').join(' ')}</p></div>
`
}

/** @example 'Where both answers are well-formed, so that the form gives nothing away: a 67.5% [59.3, 76.4], b 69.9% [61.0, 78.0] (123 pairs).' */
function formedText(lines: readonly Formed[]): string {
  const same = lines.every(({ half }) => half.n === lines[0]!.half.n)
  const each = lines.map(({ scorer, half: { value, ciLow, ciHigh, n } }) =>
    [
      shownName(scorer),
      percent(value),
      ciLow === null ? '' : percentInterval(ciLow, ciHigh),
      same ? '' : `(${plural(n, 'pair')})`,
    ]
      .filter((part) => part !== '')
      .join(' '),
  )
  return `Where both answers are well-formed, so that the form gives nothing away: ${each.join(', ')}${same ? ` (${plural(lines[0]!.half.n, 'pair')})` : ''}.`
}

function dots(rows: readonly FileRow[]): Markup {
  const lines = rows.map((row) => ({
    name: shownName(row.text('scorer')),
    value: row.number('half'),
    low: row.number('half_low'),
    high: row.number('half_high'),
    n: row.number('n'),
    emphasis: isModel(row),
  }))
  const few = rows.filter((row) => row.number('half') !== null && row.number('clusters')! < MIN_PROMPTS)
  return figure({
    id: 'leaderboard',
    picture: intervalDots(
      lines,
      `Accuracy with intervals: ${lines.map(({ name, value }) => `${name} ${percent(value)}`).join(', ')}.`,
    ),
    caption: html`<b>Accuracy of every scorer</b> on the pairs that all ranked models scored. Filled: models. Hollow: ensembles of them, and baselines that know no chemistry. Two more baselines read the answer (<i>answer tag</i>, <i>smiles parses</i>); they are known over each run's own pairs alone, so they are not here but, where a run has them, in the table of baselines below. Bars are 95% intervals, prompts resampled, each of one scorer alone: whether two differ is tested below, pair by pair. The dashed line is a coin.${
      few.length === 0 ? '' : ` Fewer than ${MIN_PROMPTS} prompts, which carry no conclusion.`
    }`,
    data: {
      header: ['scorer', 'accuracy', 'ci_low', 'ci_high', 'n'],
      rows: rows.map((row, i) => [row.text('scorer'), lines[i]!.value, lines[i]!.low, lines[i]!.high, lines[i]!.n]),
    },
  })
}

function table(input: CompareInput, rows: readonly FileRow[]): Markup {
  const letters = lettersOf(input)
  const ownDiffers = rows.some((row) => row.number('own_half') !== null && row.number('own_n') !== row.number('n'))
  const line = (row: FileRow): Markup => {
    const [half, low] = [row.number('half'), row.number('half_low')]
    const why = whyNot(row.text('ci_method') === '' ? null : row.text('ci_method'))
    return html`<tr><td class="num">${row.number('rank') ?? '–'}</td><th scope="row">${letters.named(row.text('scorer'))} <small>${isModel(row) ? [KINDS[row.text('kind')] ?? row.text('kind'), row.text('dtype')].filter((part) => part !== '').join(', ') : ''}</small></th>${
      half === null
        ? html`<td class="why" colspan="4">${row.text('reason')}</td>`
        : html`${numberCell(percent(half))}${
            low === null && why !== null
              ? html`<td class="num why">${why}</td>`
              : numberCell(percentInterval(low, row.number('half_high')))
          }${numberCell(percent(row.number('strict')))}${numberCell(percent(row.number('tie_rate')))}`
    }${numberCell(count(row.number('n') ?? 0))}${numberCell(count(row.number('clusters') ?? 0))}${numberCell(
      count(row.number('missing') ?? 0),
    )}${ownDiffers && numberCell(row.number('own_half') === null ? '–' : `${percent(row.number('own_half'))} of ${count(row.number('own_n') ?? 0)}`)}</tr>
`
  }
  return html`<div class="scroll"><table>
<caption>The same as a table (leaderboard.csv, where baselines are called <i>null:…</i>). A tie counts ½ in <i>accuracy</i> and nothing in <i>strict</i>.${ownDiffers ? html` <i>Own pairs</i>: on all that the scorer itself scored, not comparable between scorers.` : EMPTY}</caption>
<thead><tr><th scope="col" class="num">Rank</th><th scope="col">Scorer</th><th scope="col" class="num">Accuracy</th><th scope="col" class="num">95% interval</th><th scope="col" class="num">Strict</th><th scope="col" class="num">Ties</th><th scope="col" class="num">Pairs</th><th scope="col" class="num">Prompts</th><th scope="col" class="num">Unscored</th>${ownDiffers && html`<th scope="col" class="num">Own pairs</th>`}</tr></thead>
<tbody>${rows.map(line)}</tbody></table></div>
`
}
