import { linesWhere } from '../../../statistic-lines.ts'
import { subsetName } from '../../../subset-name.ts'
import type { Statistic } from '../../../types.ts'
import { type Curve, curvesPlot } from '../../plots/curves.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { figure } from '../figure.ts'
import type { GroupCurvePointRecord, GroupCurveRecord, GroupsReport, TopRewardRecord } from '../group-input.ts'
import type { ReportInput } from '../input.ts'
import type { Limits } from '../limits.ts'
import { EMPTY, html, type Markup } from '../markup.ts'
import { count, decimal, percent, plural } from '../numbers.ts'
import { absent, type Section } from '../section.ts'
import { curveTicks, seriesStyle } from '../series.ts'
import { ALL, foldedTable, ofSubset, statisticTable } from '../statistic-table.ts'
import { titleOf } from '../statistic-titles.ts'
import { overOptimisationText } from './over-optimisation.ts'

/** What is gained by choosing among the completions of a prompt, and by whom. null for a run without groups. */
export function groups({ groups: report, statistics }: ReportInput, limits: Limits): Section | null {
  if (report === undefined || report.findings.length === 0) return null
  const own = [...linesWhere(statistics, ({ scope }) => scope === 'groups')]
  return {
    id: 'choosing',
    title: 'Choosing among the completions of a prompt',
    body: html`${whatChoosingGains(own, report)}${curveFigures(report)}${overOptimisationText(report.declines)}${topFigure(report.topRewards)}${tables(own, limits)}`,
  }
}

/** How a completion of each prompt is chosen; the page's names, in the page's order. */
const WAYS: Readonly<Record<string, string>> = {
  random: 'any completion, drawn',
  top1: 'the first completion',
  voting_string: 'vote by exact answer',
  voting_canonical: 'vote by molecule',
  rerank: 'highest score',
  rerank_answered: 'highest score with an answer',
  pass_at_n: 'ceiling: any of them right',
}

function whatChoosingGains(own: readonly Statistic[], { findings }: GroupsReport): Markup {
  const lines = Object.entries(WAYS).flatMap(([name, title]) => {
    const line = own.find(({ subset, statistic }) => subset === ALL && statistic === name)
    return line === undefined || line.value === null ? [] : [{ ...line, title }]
  })
  if (lines.length === 0) return EMPTY
  const dots = lines.map(({ title, statistic, value, ciLow, ciHigh, n }) => ({
    name: title,
    value,
    low: ciLow,
    high: ciHigh,
    n,
    emphasis: statistic.startsWith('rerank'),
  }))
  const sizes = findings.map(({ group }) => group.completions.length)
  return figure({
    id: 'choosing-a-completion',
    picture: intervalDots(
      dots,
      `Share of prompts whose chosen completion is right: ${dots.map((dot) => `${dot.name} ${percent(dot.value)}`).join(', ')}.`,
      'prompts whose chosen completion the verifier passes, %',
      null,
    ),
    caption: html`<b>One completion of each prompt, chosen in several ways.</b> ${plural(findings.length, 'prompt')} with ${sizeText(sizes)}. ${dots.some(({ emphasis }) => emphasis) ? 'Filled: by the learned score; the' : 'The'} ceiling is what a perfect choice reaches, the draw what no choice reaches. n counts prompts; bars are 95% intervals over prompts.${missingText(lines)}`,
    data: {
      header: ['way', 'share_right', 'ci_low', 'ci_high', 'n'],
      rows: dots.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
    },
  })
}

function missingText(lines: readonly Statistic[]): string {
  const missing = Math.max(...lines.map((line) => line.missing))
  return missing === 0 ? '' : ` Up to ${plural(missing, 'prompt')} have no value, and are in none.`
}

/** @example sizeText([8, 8]) // '8 completions each' */
function sizeText(sizes: readonly number[]): string {
  // not Math.min(...): a run may have more groups than a call takes arguments
  const [least, most] = sizes.reduce(([low, high], n) => [Math.min(low, n), Math.max(high, n)], [Infinity, 0])
  return least === most ? `${plural(least, 'completion')} each` : `${count(least)} to ${plural(most, 'completion')}`
}

/** How a method's line is called and drawn. */
type Style = readonly [name: string, colour: string, dashes: string | null]
const EXACT: Readonly<Record<string, Style>> = {
  best_of_n: ['highest score', 'var(--blue)', null],
  voting_canonical_expected: ['vote by molecule', 'var(--orange)', null],
  voting_string_expected: ['vote by exact answer', 'var(--orange)', '5,3'],
  pass_at_n: ['ceiling', 'var(--green)', '8,3,2,3'],
  oracle: ['ceiling', 'var(--green)', '8,3,2,3'],
  random: ['any, drawn', 'var(--grey)', '2,3'],
}
const PREFIX: Readonly<Record<string, Style>> = {
  rerank: ['highest score', 'var(--blue)', null],
  rerank_answered: ['… with an answer', 'var(--blue)', '5,3'],
  voting_canonical: ['vote by molecule', 'var(--orange)', null],
  voting_string: ['vote by exact answer', 'var(--orange)', '5,3'],
  pass_prefix: ['ceiling', 'var(--green)', '8,3,2,3'],
}

/** Methods that a curves.csv has with rewards in the place of passes end so. */
const REWARD = /_reward$/

function curveFigures({ curves }: GroupsReport): Markup {
  const all = curves.filter(({ subset }) => subset === ALL)
  const passes = all.filter(({ method }) => !REWARD.test(method))
  const rewards = all.flatMap((curve) =>
    REWARD.test(curve.method) ? [{ ...curve, method: curve.method.replace(REWARD, '') }] : [],
  )
  const exact = 'Exact expectations over all subsets of n of the completions of a prompt, nothing sampled.'
  const prefix =
    'Over the first n completions as they stand in the data, as ReFT counts; equal scores and votes go to the earlier one.'
  // without partial credit the two say the same
  const differ = rewards.filter(({ method, points }) => {
    const twin = passes.find((curve) => curve.method === method)
    return twin === undefined || points.some(({ value }, k) => value !== twin.points[k]?.value)
  })
  const scored = passes.some(({ method }) => method === 'best_of_n')
  return html`${curveFigure('best-of-n', scored ? 'Best of n' : 'n completions, no score', passes, EXACT, 'share of prompts, right', exact)}${
    differ.length === 0
      ? EMPTY
      : curveFigure('best-of-n-reward', 'Best of n, mean verifiable reward', rewards, EXACT, 'expected reward', exact)
  }${bySubset(curves)}${curveFigure('first-n', 'The first n completions', passes, PREFIX, 'share of prompts, right', prefix)}`
}

/** ln n − (n − 1)/n, nats: Beirami et al. 2024, arXiv:2401.01879. */
const kl = (n: number): number => Math.log(n) - (n - 1) / n

function curveFigure(
  id: string,
  title: string,
  all: readonly GroupCurveRecord[],
  styles: Readonly<Record<string, Style>>,
  y: string,
  how: string,
): Markup {
  const found = Object.keys(styles).flatMap((method) => all.filter((curve) => curve.method === method))
  const largest = Math.max(0, ...found.flatMap(({ points }) => points.map(({ n }) => n)))
  if (found.length === 0 || largest < 2) return EMPTY
  const lines = found.map((curve): Curve => {
    const [name, colour, dashes] = styles[curve.method]!
    return { name, colour, dashes, points: curve.points.map(pointOf) }
  })
  const ends = found.map(({ method, points }) => `${styles[method]![0]} ${decimal(points.at(-1)?.value ?? null)}`)
  return figure({
    id,
    picture: curvesPlot(
      lines,
      {
        x: 'n, completions per prompt',
        y,
        log: true,
        ticks: curveTicks(largest),
        tick: String,
        noun: 'groups',
        ...(styles === EXACT
          ? { above: { label: 'KL of best-of-n from the policy, nats (upper bound)', tick: klText } }
          : {}),
      },
      `${title}, at n = ${largest}: ${ends.join(', ')}.`,
    ),
    caption: html`<b>${title}.</b> ${how} ${counts(found)} Bands are 95% intervals, prompts resampled${noBand(found)}.`,
    data: {
      header: ['method', 'n', 'value', 'ci_low', 'ci_high', 'groups', 'kl'],
      rows: found.flatMap(({ method, points }) =>
        points.map(({ n, value, low, high, groups }) => [
          method,
          n,
          value,
          low,
          high,
          groups,
          method === 'best_of_n' ? kl(n) : null,
        ]),
      ),
    },
  })
}

const klText = (n: number): string => kl(n).toFixed(2)
const pointOf = ({ n, value, low, high, groups }: GroupCurvePointRecord) => ({ x: n, value, low, high, n: groups })

/** On how many groups and prompts the lines rest, and what is missing. */
function counts(curves: readonly GroupCurveRecord[]): string {
  const points = curves.flatMap((curve) => curve.points)
  const range = (values: readonly number[], noun: string): string => {
    const [least, most] = [Math.min(...values), Math.max(...values)]
    return least === most ? plural(most, noun) : `${count(least)} to ${plural(most, noun)}, fewer where n is larger`
  }
  const clusters = points.flatMap((point) => (point.clusters === undefined ? [] : [point.clusters]))
  const missing = Math.max(0, ...points.map((point) => point.missing ?? 0))
  return `${range(
    points.map(({ groups }) => groups),
    'group',
  )}${clusters.length === 0 ? '' : ` of ${range(clusters, 'prompt')}`}; ${
    missing === 0 ? 'none is left out' : `up to ${plural(missing, 'group')} without a verdict or score left out`
  }.`
}

function noBand(curves: readonly GroupCurveRecord[]): string {
  const without = curves.flatMap((curve) => curve.points).filter(({ value, low }) => value !== null && low === null)
  return without.length === 0 ? '' : `; ${plural(without.length, 'point')} have none`
}

/** At most so many subsets get a panel of their own. */
const MOST_SUBSETS = 12

/** The model's line of every subset between its floor and its ceiling, as numbers: which subset gains, which loses. */
function bySubset(curves: readonly GroupCurveRecord[]): Markup {
  const models = curves.filter(({ subset, method }) => subset !== ALL && method === 'best_of_n')
  const shown = models.slice(0, MOST_SUBSETS)
  const largest = Math.max(0, ...shown.flatMap(({ points }) => points.map(({ n }) => n)))
  if (shown.length < 2 || largest < 2) return EMPTY
  const lines = shown.map(
    ({ subset, points }, i): Curve => ({
      name: subsetName(subset),
      ...seriesStyle(i),
      points: points.map((point) => ({ ...pointOf(point), low: null, high: null })),
    }),
  )
  const left = shown.length < models.length ? ` The first ${MOST_SUBSETS} of ${count(models.length)} subsets.` : ''
  return figure({
    id: 'best-of-n-by-subset',
    picture: curvesPlot(
      lines,
      {
        x: 'n, completions per prompt',
        y: 'share of prompts, right',
        log: true,
        ticks: curveTicks(largest),
        tick: String,
        noun: 'groups',
      },
      `Best of n by the learned score, by subset, at n = ${largest}: ${shown.map(({ subset, points }) => `${subsetName(subset)} ${decimal(points.at(-1)?.value ?? null)}`).join(', ')}.`,
    ),
    caption: html`<b>Best of n by subset</b>, the completion with the highest score. ${sizes(shown)} Without bands, which would cover each other; the data have them. A line that falls to the right is a model that is led astray by more choice.${left}`,
    data: {
      header: ['subset', 'n', 'value', 'ci_low', 'ci_high', 'groups'],
      rows: shown.flatMap(({ subset, points }) =>
        points.map(({ n, value, low, high, groups }) => [subset, n, value, low, high, groups]),
      ),
    },
  })
}
/** @example sizes(curves) // '5 to 11 groups in a subset.' */
function sizes(curves: readonly GroupCurveRecord[]): string {
  const groups = curves.map(({ points }) => points[0]?.groups ?? 0)
  const [least, most] = [Math.min(...groups), Math.max(...groups)]
  return `${least === most ? '' : `${count(least)} to `}${plural(most, 'group')} in a subset: few, so that a line alone proves nothing.`
}

function topFigure(all: readonly TopRewardRecord[]): Markup {
  const curve = all.find(({ subset, measure }) => subset === ALL && measure === 'pass')
  if (curve === undefined || curve.points.length < 2) return EMPTY
  const points = curve.points.map(({ share, value, made, places }) => ({
    x: share * 100,
    value,
    low: made.interval?.low ?? null,
    high: made.interval?.high ?? null,
    n: places,
  }))
  const { n, clusters, value: rate } = curve.points.at(-1)!
  return figure({
    id: 'reward-of-the-top',
    picture: curvesPlot(
      [{ name: 'right', colour: 'var(--blue)', dashes: null, points }],
      {
        x: 'completions taken, % of all, highest scores first',
        y: 'share of them, right',
        log: false,
        ticks: [1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
        tick: (x) => `${decimal(x)}%`,
        noun: 'completions',
      },
      `Share right among the highest scores: ${points.map(({ x, value }) => `top ${decimal(x)}% ${percent(value)}`).join(', ')}.`,
    ),
    caption: html`<b>How good the highest scores are</b>, all prompts together: ${plural(n, 'completion')} with score and verdict, ${plural(clusters, 'prompt')}. At 100% it is the pass rate, ${percent(rate)}; a score that knows chemistry rises to the left. Equal scores at the border share its places. The band is a 95% interval, prompts resampled.`,
    data: {
      header: ['share_taken', 'share_right', 'ci_low', 'ci_high', 'completions'],
      rows: points.map((point) => [point.x / 100, point.value, point.low, point.high, point.n]),
    },
  })
}

function tables(own: readonly Statistic[], limits: Limits): Markup {
  if (own.length === 0) return absent('No statistics of groups: agreement.csv has none of their scope.')
  const overall = own.filter(({ subset }) => subset === ALL)
  const isPoint = ({ statistic }: Statistic): boolean => statistic.includes('@')
  return html`${statisticTable(
    overall.filter((line) => !isPoint(line)),
    html`Groups, over all of them. An absent value gives its reason. groups.csv has them one by one.`,
  )}${foldedTable(overall.filter(isPoint), 'Points of the curves', limits.tableRows, titleOf)}${foldedTable(
    own.filter(({ subset }) => subset !== ALL),
    'The same by subset',
    limits.tableRows,
    ofSubset,
  )}`
}
