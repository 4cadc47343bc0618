import { subsetName } from '../subset-name.ts'
import type { Accuracy, AccuracyTable } from './accuracy.ts'
import { MIN_CLUSTERS } from './strata.ts'
import { count, intervalSentence, type PaperTable, percent, text } from './tables.ts'

/**
 * Accuracy by subset, section and overall as a paper table, weights and n under it.
 * @param scorer as captions call it, with its reference
 */
export function accuracyPaperTable(
  accuracy: AccuracyTable,
  scorer: string,
  dataset: string,
  ciMethod: string,
): PaperTable {
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
  // where no row has a subset, its line would be the last one again
  const subsets = Object.entries(accuracy.subsets).flatMap(([name, a], _, all) =>
    name === '' && all.length === 1 ? [] : [row(subsetName(name), a)],
  )
  const sections = Object.entries(accuracy.sections)
  const weights = sections.map(
    ([name, s]) =>
      `${name}: ${Object.entries(s.weights)
        .map(([subset, w]) => `${subsetName(subset)} ${w}`)
        .join(', ')}`,
  )
  return {
    name: 'accuracy',
    caption: `Pairwise accuracy of ${scorer} on ${dataset}, per cent (n = ${accuracy.overall.n.toLocaleString('en-US')} pairs).`,
    intervals: intervalSentence(
      ciMethod,
      [accuracy.overall, ...Object.values(accuracy.subsets), ...Object.values(accuracy.sections)].map(
        ({ ci }) => ci.method,
      ),
    ),
    source: 'summary.json',
    columns: [
      { title: '' },
      { title: 'strict' },
      {
        title: 'ties as ½',
        spare: { when: { same: 1 }, note: 'No ties: with them as ½ the accuracies are the same.' },
      },
      { title: 'ties', spare: { when: 'zero', note: '' } },
      { title: 'pairs' },
      { title: 'prompts', spare: { when: { same: 4 }, note: 'Every pair has a prompt of its own.' } },
      { title: 'not scored', spare: { when: 'zero', note: 'Every pair was scored.' } },
    ],
    rows: [...subsets, ...sections.map(([name, a]) => row(`section ${name}`, a)), row('all pairs', accuracy.overall)],
    breaks: [
      ...(sections.length > 0 && subsets.length > 0 ? [{ before: subsets.length }] : []),
      ...(subsets.length + sections.length > 0 ? [{ before: subsets.length + sections.length }] : []),
    ],
    notes: [
      `All pairs count the same in the last row (n = ${accuracy.overall.n.toLocaleString('en-US')}).`,
      ...(weights.length === 0 ? [] : [`Weights of the subsets in their section: ${weights.join('; ')}.`]),
    ],
  }
}
