import { subsetName } from '../subset-name.ts'
import type { Accuracy, AccuracyTable } from './accuracy.ts'
import { MIN_CLUSTERS } from './strata.ts'
import { count, type PaperTable, percent, text } from './tables.ts'

const FEW_NOTE = `† fewer than ${MIN_CLUSTERS} prompts.`

/** Accuracy by subset, section and overall as a paper table, weights and n under it. */
export function accuracyPaperTable(accuracy: AccuracyTable, model: string, ciMethod: string): PaperTable {
  const row = (name: string, a: Accuracy) => {
    const few = a.clusters < MIN_CLUSTERS
    return [
      text(name),
      percent(a.strict, a.ci.strict, few),
      percent(a.half, a.ci.half, few),
      percent(a.tie_rate),
      count(a.n),
      count(a.clusters),
      count(a.missing),
    ]
  }
  const sections = Object.entries(accuracy.sections)
  const weights = sections.map(
    ([name, s]) =>
      `${name}: ${Object.entries(s.weights)
        .map(([subset, w]) => `${subsetName(subset)} ${w}`)
        .join(', ')}`,
  )
  return {
    name: 'accuracy',
    caption: `Pairwise accuracy of ${model}, per cent.`,
    columns: ['', 'strict', 'ties as ½', 'ties', 'pairs', 'prompts', 'not scored'].map((title) => ({ title })),
    rows: [
      // where no row has a subset, its line would be the last one again
      ...Object.entries(accuracy.subsets).flatMap(([name, a], _, all) =>
        name === '' && all.length === 1 ? [] : [row(subsetName(name), a)],
      ),
      ...sections.map(([name, a]) => row(`section ${name}`, a)),
      row('all pairs', accuracy.overall),
    ],
    notes: [
      `All pairs count the same in the last row (n = ${accuracy.overall.n.toLocaleString('en-US')}). 95 % intervals: ${ciMethod}.`,
      ...(weights.length === 0 ? [] : [`Weights of the subsets in their section: ${weights.join('; ')}.`]),
      FEW_NOTE,
    ],
  }
}
