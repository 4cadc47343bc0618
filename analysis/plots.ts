import type { ScoreGroup } from '../src/agreement/distribution.ts'
import { histogramPlot, twoHistograms } from '../src/report/plots/histogram.ts'
import type { Run } from './runs.ts'
import { subsetPlot } from './subset-plot.ts'
import type { SubsetTable } from './subsets.ts'
import { svgFile } from './svg-file.ts'

/** SVG files by name: a histogram of scores a run, and the subsets of all scorers. */
export function plotsOf(
  dataset: string,
  runs: readonly Run[],
  groupsOf: (run: Run) => readonly ScoreGroup[],
  subsets: readonly SubsetTable[],
): Record<string, string> {
  const files: Record<string, string> = {}
  for (const run of runs) {
    const picture = scoresPlot(dataset, run, groupsOf(run))
    if (picture !== null) files[`plots/scores-${fileName(run.model)}.svg`] = picture
  }
  const picture = subsetPlot(dataset, subsets)
  if (picture !== null) files['plots/subsets.svg'] = picture
  return files
}

/** Imported score files name their model freely. */
const fileName = (model: string): string => model.replace(/[^\w.@+-]/g, '_')

/** Scores of chosen against rejected completions (HERM's plot_per_model_dist); of groups, passing against failing. */
function scoresPlot(dataset: string, run: Run, all: readonly ScoreGroup[]): string | null {
  const values = (group: string): Float64Array => all.find((g) => g.group === group)?.values ?? new Float64Array(0)
  for (const [first, second] of [
    ['chosen', 'rejected'],
    ['pass', 'fail'],
  ] as const) {
    const [filled, outlined] = [values(first), values(second)]
    if (filled.length === 0 || outlined.length === 0) continue
    const label = `Scores of ${run.model} on ${dataset}: ${filled.length} ${first}, ${outlined.length} ${second}`
    const histograms = twoHistograms(filled, outlined)
    const groups = [
      { name: first, counts: histograms.filled },
      { name: second, counts: histograms.outlined },
    ] as const
    const plot = histogramPlot(histograms.bins, groups, 'score', label)
    const counts = `filled: ${first} (${filled.length.toLocaleString('en-US')}) · line: ${second} (${outlined.length.toLocaleString('en-US')})`
    return svgFile(plot, `${run.model} on ${dataset}`, [counts])
  }
  return null
}
