import { figure } from '../../html/figure.ts'
import type { Limits } from '../../html/limits.ts'
import { EMPTY, html, type Markup } from '../../html/markup.ts'
import { count, decimal, measured, numberCell, percent, percentInterval, plural } from '../../html/numbers.ts'
import type { Section } from '../../html/section.ts'
import { curveTicks, seriesStyle } from '../../html/series.ts'
import { ALL } from '../../html/statistic-table.ts'
import { type Curve, curvesPlot } from '../../plots/curves.ts'
import { intervalDots } from '../../plots/interval-dots.ts'
import { type CsvFiles, type FileRow, rowsOf } from '../csv-file.ts'
import type { CompareInput } from '../input.ts'
import { shownName } from '../names.ts'

/** Columns of group-leaderboard.csv that are shares of groups, and the page's names. */
const WAYS = [
  ['best_of_n', 'Best of n'],
  ['rerank', 'Rerank'],
  ['top1', 'First one'],
  ['voting_string', 'Vote, text'],
  ['voting_canonical', 'Vote, molecule'],
  ['pass_at_n', 'Ceiling (pass@n)'],
  ['random', 'Any, drawn'],
  ['best_of_4', 'RewardBench 2'],
] as const

/** Who chooses best among the completions of a prompt. null where no run has groups. */
export function groups({ files, notes }: CompareInput, limits: Limits): Section | null {
  const rows = rowsOf(files, 'group-leaderboard.csv')
  if (rows.length === 0) return null
  const own = notes.filter((note) => note.startsWith('The runs are not of the same groups'))
  return {
    id: 'choosing',
    title: 'Choosing among the completions of a prompt',
    body: html`${
      own.length > 0 &&
      html`<ul class="warnings">${own.map((note) => html`<li>${note}</li>`)}</ul>
`
    }${dots(rows)}${table(rows)}${curves(files)}${declines(files, limits)}`,
  }
}

function dots(rows: readonly FileRow[]): Markup {
  const scored = rows.filter((row) => row.number('best_of_n') !== null)
  const [first] = rows
  const lines = scored.map((row) => ({
    name: shownName(row.text('scorer')),
    value: row.number('best_of_n'),
    low: row.number('ci_low'),
    high: row.number('ci_high'),
    n: row.number('n'),
    emphasis: true,
  }))
  const held = (['voting_canonical', 'voting_string', 'random', 'pass_at_n'] as const).flatMap((column) => {
    const value = first!.number(column)
    const title = WAYS.find(([name]) => name === column)![1]
    return value === null
      ? []
      : [{ name: title.toLowerCase(), value, low: null, high: null, n: first!.number('n'), emphasis: false }]
  })
  const all = [...lines, ...held]
  if (all.length === 0) return EMPTY
  return figure({
    id: 'best-of-n-by-scorer',
    picture: intervalDots(
      all,
      `Share of groups whose pick passes: ${all.map(({ name, value }) => `${name} ${percent(value)}`).join(', ')}.`,
      'groups whose pick the verifier passes, %',
      null,
    ),
    caption: html`<b>Best of n.</b> Filled: the completion with the highest score, equal scores sharing the place; bars are 95% intervals, prompts resampled. Hollow: what needs no model, on the groups of ${shownName(first!.text('scorer'))}. n counts groups.`,
    data: {
      header: ['scorer', 'share_right', 'ci_low', 'ci_high', 'n'],
      rows: all.map((dot) => [dot.name, dot.value, dot.low, dot.high, dot.n]),
    },
  })
}

const table = (rows: readonly FileRow[]): Markup => html`<div class="scroll"><table>
<caption>Each scorer over its own groups (group-leaderboard.csv): the share of groups whose pick passes. <i>Rerank</i>: the highest score, ties to the earlier one; <i>RewardBench 2</i>: best of four, one of which passes. The interval is that of best of n.</caption>
<thead><tr><th scope="col">Scorer</th>${WAYS.map(([, title]) => html`<th scope="col" class="num">${title}</th>`)}<th scope="col" class="num">95% interval</th><th scope="col" class="num">τ-b in a group</th><th scope="col" class="num">Groups</th><th scope="col" class="num">Prompts</th><th scope="col" class="num">Missing</th></tr></thead>
<tbody>${rows.map(
  (row) => html`<tr><th scope="row" class="names">${shownName(row.text('scorer'))}</th>${WAYS.map(([column]) =>
    numberCell(percent(row.number(column))),
  )}${numberCell(percentInterval(row.number('ci_low'), row.number('ci_high')))}${numberCell(
    row.number('kendall_tau_b') === null ? '–' : measured(row.number('kendall_tau_b')!),
  )}${numberCell(count(row.number('n') ?? 0))}${numberCell(count(row.number('clusters') ?? 0))}${numberCell(
    count(row.number('missing') ?? 0),
  )}</tr>
`,
)}</tbody></table></div>
`

/** More curves than this cover each other. */
const MAX_CURVES = 12

interface Line {
  readonly scorer: string
  readonly method: string
  readonly rows: readonly FileRow[]
}

function curves(files: CsvFiles): Markup {
  const rows = rowsOf(files, 'curves.csv').filter((row) => row.text('subset') === ALL)
  const scorers = [...new Set(rows.map((row) => row.text('scorer')))]
  const lineOf = (scorer: string, method: string): Line => ({
    scorer,
    method,
    rows: rows.filter((row) => row.text('scorer') === scorer && row.text('method') === method),
  })
  const drawn = (line: Line): boolean => line.rows.some((row) => row.number('value') !== null)
  const models = scorers.map((scorer) => lineOf(scorer, 'best_of_n')).filter(drawn)
  if (models.length === 0) return EMPTY
  const shown = models.slice(0, MAX_CURVES)
  const held = ['pass_at_n', 'random'].map((method) => lineOf(models[0]!.scorer, method)).filter(drawn)
  const all = [...shown, ...held]
  const largest = Math.max(...all.flatMap((line) => line.rows.map((row) => row.number('n') ?? 0)))
  if (largest < 2) return EMPTY
  const titles = all.map(({ scorer, method }) =>
    method === 'best_of_n' ? shownName(scorer) : method === 'random' ? 'any, drawn' : 'ceiling',
  )
  const plotted = all.map(
    (line, i): Curve => ({
      name: titles[i]!,
      ...(i < shown.length
        ? seriesStyle(i)
        : { colour: 'var(--grey)', dashes: line.method === 'random' ? '2,3' : '8,3,2,3' }),
      points: line.rows.map((row) => ({
        x: row.number('n')!,
        value: row.number('value'),
        low: shown.length > 4 ? null : row.number('ci_low'),
        high: shown.length > 4 ? null : row.number('ci_high'),
        n: row.number('groups') ?? 0,
      })),
    }),
  )
  const left =
    shown.length < models.length
      ? ` The first ${MAX_CURVES} of ${count(models.length)} scorers; curves.csv has all.`
      : ''
  return figure({
    id: 'best-of-n-curves',
    picture: curvesPlot(
      plotted,
      {
        x: 'n, completions per prompt',
        y: 'share of groups, right',
        log: true,
        ticks: curveTicks(largest),
        tick: String,
        noun: 'groups',
      },
      `Best of n at n = ${largest}: ${plotted.map(({ name, points }) => `${name} ${decimal(points.at(-1)?.value ?? null)}`).join(', ')}.`,
    ),
    caption: html`<b>Best of n, over n.</b> Exact expectations over all subsets of n of the completions of a prompt. The ceiling is what a perfect score reaches, the draw what no score reaches, both on the groups of ${shownName(models[0]!.scorer)}. ${shown.length > 4 ? 'Without bands, which would cover each other; the data have them.' : 'Bands are 95% intervals, prompts resampled.'} A line that falls to the right is a model that is led astray by more choice.${left}`,
    data: {
      header: ['scorer', 'method', 'n', 'value', 'ci_low', 'ci_high', 'groups'],
      rows: all.flatMap((line) =>
        line.rows.map((row) => [
          line.scorer,
          line.method,
          ...['n', 'value', 'ci_low', 'ci_high', 'groups'].map((column) => row.number(column)),
        ]),
      ),
    },
  })
}

/** Does more choice make a pick worse? One line per scorer. */
function declines(files: CsvFiles, limits: Limits): Markup {
  const rows = rowsOf(files, 'over-optimisation.csv').filter(
    (row) => row.text('subset') === ALL && row.text('method') === 'best_of_n',
  )
  if (rows.length === 0) return EMPTY
  const shown = rows.slice(0, limits.tableRows)
  return html`<div class="scroll"><table>
<caption>Over-optimisation: does best of n fall behind its peak as n grows? p is one-sided, of a fall as large under a curve that never falls and under a score that says nothing. over-optimisation.csv has it by subset, with p adjusted.${shown.length < rows.length ? ` The first ${plural(shown.length, 'scorer')}.` : ''}</caption>
<thead><tr><th scope="col">Scorer</th><th scope="col" class="num">Peak at n</th><th scope="col" class="num">Peak</th><th scope="col" class="num">Largest n</th><th scope="col" class="num">There</th><th scope="col" class="num">Decline</th><th scope="col" class="num">95% interval</th><th scope="col" class="num">p</th><th scope="col" class="num">Groups</th><th scope="col" class="num">Prompts</th></tr></thead>
<tbody>${shown.map(
    (row) => html`<tr><th scope="row">${shownName(row.text('scorer'))}</th>${
      row.number('decline') === null
        ? html`<td class="why" colspan="7">not tested: ${row.text('reason').replaceAll('_', ' ')}</td>`
        : html`${numberCell(decimal(row.number('peak_n')))}${numberCell(percent(row.number('peak')))}${numberCell(
            decimal(row.number('last_n')),
          )}${numberCell(percent(row.number('last')))}${numberCell(percent(row.number('decline')))}${numberCell(
            percentInterval(row.number('ci_low'), row.number('ci_high')),
          )}${numberCell(decimal(row.number('p')))}`
    }${numberCell(count(row.number('groups') ?? 0))}${numberCell(count(row.number('clusters') ?? 0))}</tr>
`,
  )}</tbody></table></div>
`
}
