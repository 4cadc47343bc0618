import { linesWhere } from '../../../statistic-lines.ts'
import type { Statistic } from '../../../types.ts'
import { type ForestLine, forest } from '../../plots/forest.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { figure, legend } from '../figure.ts'
import type { ReportInput } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { decimal, measured, percent } from '../numbers.ts'
import { differenceAxis } from '../scale.ts'
import type { Section } from '../section.ts'
import { ALL, foldedTable, MIN_PROMPTS, statisticTable } from '../statistic-table.ts'
import { titleOf } from '../statistic-titles.ts'
import { transformationWords } from '../transformation-words.ts'

/** Does the score stay where chemistry stays, and move where it changes? null for a run whose data do not ask. */
export function invariance({ statistics, run }: ReportInput, limits: Limits): Section | null {
  const own = [...linesWhere(statistics, ({ scope }) => scope === 'invariance')]
  if (own.length === 0) return null
  return {
    id: 'invariance',
    title: 'Equal chemistry, other words',
    body: html`${inWords(own)}${flips(own)}${moves(own, differenceAxis(run, 'mean change of the score'))}${noticed(own)}${statisticTable(
      own.filter(({ subset }) => subset === ALL),
      html`Over all transformations. An absent value gives its reason.`,
    )}${foldedTable(
      own.filter(({ subset }) => subset !== ALL),
      'The same by transformation',
      limits.tableRows,
      (line) => `${transformationWords(line.subset)} · ${titleOf(line)}`,
    )}`,
  }
}

/** Transformations, then what stands for several of them. */
const ordered = (lines: readonly Statistic[]): readonly Statistic[] => {
  const several = ({ subset }: Statistic): boolean => subset === ALL || subset.includes(':')
  return [...lines.filter((line) => !several(line)), ...lines.filter(several).toReversed()]
}
const linesOf = (own: readonly Statistic[], name: string): readonly Statistic[] =>
  ordered(own.filter(({ statistic, value }) => statistic === name && value !== null))
const overall = (own: readonly Statistic[], name: string): Statistic | undefined =>
  own.find(({ subset, statistic }) => subset === ALL && statistic === name)

function inWords(own: readonly Statistic[]): Markup {
  const flip = overall(own, 'flip_rate')
  const ratio = overall(own, 'spread_over_margin')
  const below = overall(own, 'ranked_below_original')
  const sentences = [
    ...(flip?.value == null
      ? []
      : [
          `A twin is the same answer written otherwise. To ${percent(flip.value)} of its wrong rivals a twin stands in another order than the original does.`,
        ]),
    ...(ratio?.value == null
      ? []
      : [
          `Scores of one answer's twins differ (standard deviation) by ${measured(ratio.value)} of what separates the answer from its rivals: 0 is a score of chemistry alone, and from 1 on the writing decides more than the molecule.`,
        ]),
    ...(below?.value == null
      ? []
      : [
          `Of the molecules that the verifier ranks below the original, the score ranks ${percent(below.value)} below it; half is chance.`,
        ]),
  ]
  return sentences.length === 0
    ? EMPTY
    : html`<div class="prose"><p>${sentences.join(' ')}</p></div>
`
}

const dotsOf = (lines: readonly Statistic[]) =>
  lines.map(({ subset, value, ciLow, ciHigh, n, clusters }) => ({
    name: transformationWords(subset),
    value,
    low: ciLow,
    high: ciHigh,
    n,
    emphasis: clusters >= MIN_PROMPTS,
  }))

function flips(own: readonly Statistic[]): Markup {
  const lines = linesOf(own, 'flip_rate')
  if (lines.length === 0) return EMPTY
  const dots = dotsOf(lines)
  return figure({
    id: 'flips',
    picture: intervalDots(
      dots,
      `Share of orders that a transformation turns: ${dots.map(({ name, value }) => `${name} ${percent(value)}`).join(', ')}.`,
      'orders to wrong answers that turn, %',
      null,
    ),
    caption: html`<b>Orders that turn though the chemistry is the same.</b> Of each twin the wrong answers to its prompt that stand in another order to it than to the original; a new tie counts ½. n counts twins; bars are 95% intervals, prompts resampled. Hollow: fewer than ${MIN_PROMPTS} prompts.`,
    data: {
      header: ['transformation', 'flip_rate', 'ci_low', 'ci_high', 'n', 'prompts'],
      rows: lines.map((line) => [line.subset, line.value, line.ciLow, line.ciHigh, line.n, line.clusters]),
    },
  })
}

function moves(own: readonly Statistic[], axis: string): Markup {
  const asLine =
    (filled: boolean) =>
    ({ subset, value, ciLow, ciHigh, n }: Statistic): ForestLine => ({
      name: transformationWords(subset),
      value,
      low: ciLow,
      high: ciHigh,
      n,
      filled,
    })
  const same = linesOf(own, 'mean_delta').filter(({ subset }) => subset !== ALL)
  const changed = linesOf(own, 'changed_mean_delta').filter(({ subset }) => subset !== ALL)
  const lines = [...same.map(asLine(true)), ...changed.map(asLine(false))]
  if (lines.length === 0) return EMPTY
  return figure({
    id: 'moves',
    picture: forest(
      lines,
      axis,
      `Mean change of the score: ${lines.map(({ name, value }) => `${name} ${decimal(value)}`).join(', ')}.`,
    ),
    legend: legend(
      ['part-blue', 'filled: the same molecule, should be 0'],
      ['part-orange', 'hollow: another molecule, should be below 0'],
    ),
    caption: html`<b>How far a transformation moves the score</b>, in its own unit: mean of the score less the original's. n counts completions; bars are 95% intervals, prompts resampled.`,
    data: {
      header: ['transformation', 'same', 'mean_delta', 'ci_low', 'ci_high', 'n'],
      rows: [...same, ...changed].map((line, i) => [
        line.subset,
        i < same.length ? 1 : 0,
        line.value,
        line.ciLow,
        line.ciHigh,
        line.n,
      ]),
    },
  })
}

function noticed(own: readonly Statistic[]): Markup {
  const below = linesOf(own, 'ranked_below_original')
  if (below.length === 0) return EMPTY
  const dots = dotsOf(below)
  return figure({
    id: 'ranked-below',
    picture: intervalDots(
      dots,
      `Share of wrong molecules that score below the original: ${dots.map(({ name, value }) => `${name} ${percent(value)}`).join(', ')}.`,
      'wrong molecules that score below the original, %',
    ),
    caption: html`<b>Wrong molecules in the place of the right one.</b> Those that the verifier ranks below the original; an equal score counts ½, so that a score that does not read the molecule is at half. n counts completions; bars are 95% intervals, prompts resampled. Hollow: fewer than ${MIN_PROMPTS} prompts.`,
    data: {
      header: ['transformation', 'ranked_below_original', 'ci_low', 'ci_high', 'n', 'prompts'],
      rows: below.map((line) => [line.subset, line.value, line.ciLow, line.ciHigh, line.n, line.clusters]),
    },
  })
}
