import { EMPTY, html, type Markup } from '../../html/markup.ts'
import type { Section } from '../../html/section.ts'
import { ALL } from '../../html/statistic-table.ts'
import { titleOf } from '../../html/statistic-titles.ts'
import type { CsvFiles } from '../csv-file.ts'
import type { CompareInput } from '../input.ts'
import { shownName } from '../names.ts'
import { shareCell, statisticLines } from '../statistic-lines.ts'
import { type ScorerStatistic, statisticsOf } from '../statistics.ts'
import { valueTable } from '../value-table.ts'

/** Scopes of run-process: the choice of a step, and what the verifier says of steps. */
const [STEPS, VERDICTS] = ['steps', 'step_verdicts']

/** Whether the runs have judged steps and nothing else. */
export const onlySteps = (files: CsvFiles): boolean => {
  const all = statisticsOf(files)
  return all.length > 0 && all.every(({ scope }) => scope === STEPS || scope === VERDICTS)
}

/** Which next step each model chooses. null where no run judged steps. */
export function steps({ files }: CompareInput): Section | null {
  const own = statisticsOf(files).filter(({ scope, value }) => scope === STEPS && value !== null)
  if (own.length === 0) return null
  const scorers = [...new Set(own.map(({ scorer }) => scorer))]
  const subsets = [...new Set(own.map(({ subset }) => subset))].sort((a, b) => Number(a !== ALL) - Number(b !== ALL))
  const names = [...new Set(own.map(({ statistic }) => statistic))]
  const find = (scorer: string, subset: string, statistic: string): ScorerStatistic | undefined =>
    own.find((line) => line.scorer === scorer && line.subset === subset && line.statistic === statistic)
  return {
    id: 'steps',
    title: 'Steps',
    body: html`${valueTable(
      html`What each run of run-process says of its own rows (agreement.csv): share of rows, 95% interval, n. Models are not paired with each other here; within a run, paired-tests.csv in its folder compares the heuristics.`,
      'Statistic',
      scorers.map(shownName),
      subsets.map((subset) => ({
        title: subset === ALL ? 'All rows' : subset,
        lines: names.flatMap((statistic) => {
          const lines = scorers.map((scorer) => find(scorer, subset, statistic))
          const first = lines.find((line) => line !== undefined)
          return first === undefined
            ? []
            : [
                {
                  name: html`<span title="${statistic}">${titleOf(first)}</span>`,
                  cells: lines.map((one) => shareCell(one)),
                },
              ]
        }),
      })),
    )}${ofVerdicts(statisticsOf(files).filter(({ scope, subset }) => scope === VERDICTS && subset === ALL))}`,
  }
}

function ofVerdicts(own: readonly ScorerStatistic[]): Markup {
  const scorers = [...new Set(own.map(({ scorer }) => scorer))]
  const lines = statisticLines(own, scorers, titleOf)
  return lines.length === 0
    ? EMPTY
    : valueTable(
        html`What the verifier says of the steps, over all rows: value, 95% interval, n.`,
        'Statistic',
        scorers.map(shownName),
        [{ lines }],
      )
}
