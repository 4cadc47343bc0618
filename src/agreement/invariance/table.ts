import type { Statistic } from '../../types.ts'
import { MIN_CLUSTERS } from '../strata.ts'
import { count, decimal, intervalSentence, type PaperTable, percent, type TableCell, text } from '../tables.ts'
import { MEASURE_NAMES, type Sensitivity } from './sensitivity.ts'

type Find = (statistic: string) => Statistic | undefined
const interval = (line: Statistic | undefined) =>
  line?.ciLow == null || line.ciHigh == null ? null : { low: line.ciLow, high: line.ciHigh }
const share = (line: Statistic | undefined): TableCell =>
  percent(line?.value ?? null, interval(line), line !== undefined && line.clusters < MIN_CLUSTERS)
const size = (line: Statistic | undefined): TableCell => ({
  kind: 'number',
  value: line?.value ?? null,
  low: line?.ciLow ?? null,
  high: line?.ciHigh ?? null,
  few: line !== undefined && line.clusters < MIN_CLUSTERS,
})

/** The last row is over all. */
const totalOf = (rows: readonly unknown[]) => (rows.length > 1 ? [{ before: rows.length - 1 }] : [])

/** Twins, whose score should not move, and changed molecules, whose score should, by transformation; null where the run has neither. */
export function invarianceTables(
  statistics: readonly Statistic[],
  scorer: string,
  dataset: string,
  ciMethod: string,
): PaperTable[] {
  const own = statistics.filter(({ scope }) => scope === 'invariance')
  const subsets = [...new Set(own.map(({ subset }) => subset))]
  const ordered = [...subsets.filter((subset) => subset !== 'all'), ...subsets.filter((subset) => subset === 'all')]
  const rows = (has: string, cells: (find: Find) => TableCell[]): TableCell[][] =>
    ordered.flatMap((subset) => {
      const find: Find = (name) => own.find((line) => line.subset === subset && line.statistic === name)
      return find(has) === undefined ? [] : [[text(subset), ...cells(find)]]
    })
  const methods = (names: readonly string[]): (string | null)[] =>
    own.filter(({ statistic }) => names.includes(statistic)).map((line) => line.ciMethod)
  const twins = rows('mean_abs_delta', (find) => [
    share(find('flip_rate')),
    share(find('win_lost_rate')),
    size(find('mean_abs_delta')),
    size(find('mean_delta')),
    size(find('spread_over_margin')),
    percent(find('verdict_changed_rate')?.value ?? null),
    count(find('mean_abs_delta')?.n ?? 0),
  ])
  const changed = rows('changed_mean_abs_delta', (find) => [
    share(find('sensitivity')),
    share(find('ranked_below_original')),
    size(find('abs_delta_auroc_within_prompt')),
    size(find('changed_mean_abs_delta')),
    size(find('changed_mean_delta')),
    count(find('changed_mean_abs_delta')?.n ?? 0),
  ])
  return [
    ...(twins.length === 0
      ? []
      : [
          {
            name: 'invariance',
            caption: `The same chemistry written otherwise: how far the score of ${scorer} moves, on ${dataset}.`,
            intervals: intervalSentence(
              ciMethod,
              methods(['flip_rate', 'win_lost_rate', 'mean_abs_delta', 'mean_delta', 'spread_over_margin']),
            ),
            source: 'agreement.csv',
            breaks: totalOf(twins),
            columns: [
              '',
              'flips',
              'wins lost',
              'mean |Δ|',
              'mean Δ',
              'spread / margin',
              'verdict changed',
              'twins',
            ].map((title) => ({ title })),
            rows: twins,
            notes: [
              'Δ: score of the twin less that of the original. Flips: wrong answers to the same prompt that stand in another order to the twin than to the original, per cent; a new tie counts one half. Wins lost: the same over the wrong answers that score below the original. Spread: standard deviation over the original and its twins; margin: mean |original − wrong answer|. Verdict changed: the verifier passes one of original and twin and not the other, per cent.',
            ],
          },
        ]),
    ...(changed.length === 0
      ? []
      : [
          {
            name: 'invariance-changed',
            caption: `Another molecule in the place of the answer: whether the score of ${scorer} moves, on ${dataset}.`,
            intervals: intervalSentence(
              ciMethod,
              methods([
                'sensitivity',
                'ranked_below_original',
                'abs_delta_auroc_within_prompt',
                'changed_mean_abs_delta',
                'changed_mean_delta',
              ]),
            ),
            source: 'agreement.csv',
            breaks: totalOf(changed),
            columns: ['', 'noticed', 'ranked below', 'AUROC of |Δ|', 'mean |Δ|', 'mean Δ', 'completions'].map(
              (title) => ({
                title,
              }),
            ),
            rows: changed,
            notes: [
              'Noticed: |Δ| exceeds the spread of the original and its twins, per cent. Ranked below: of those that the verifier ranks below the original, the share with a lower score, per cent; an equal score counts one half. AUROC of |Δ|: chance that the score moves more than for a twin of the same prompt, mean over prompts.',
            ],
          },
        ]),
  ]
}

/** Margin and accuracy over chemical distance; null where no pair is of two molecules. */
export function sensitivityTable(
  { curve }: Sensitivity,
  scorer: string,
  dataset: string,
  ciMethod: string,
): PaperTable | null {
  if (curve.length === 0) return null
  const measures = [...new Set(curve.map(({ measure }) => measure))]
  return {
    name: 'sensitivity',
    caption: `Margin of ${scorer} over the chemical distance of the two answers, on ${dataset}.`,
    intervals: intervalSentence(
      ciMethod,
      curve.flatMap(({ margin, accuracy }) => [margin.ciMethod, accuracy.ciMethod]),
    ),
    source: 'sensitivity.csv',
    columns: [
      ...['distance', 'from – to', 'mean', 'margin', 'accuracy (half)', 'pairs'].map((title) => ({ title })),
      { title: 'prompts', spare: { when: { same: 5 }, note: 'Every pair has a prompt of its own.' } },
    ],
    breaks: measures.flatMap((measure, i) =>
      i === 0 ? [] : [{ before: curve.findIndex((line) => line.measure === measure) }],
    ),
    rows: curve.map(({ measure, bin, distance, margin, accuracy }) => [
      text(MEASURE_NAMES[measure]),
      text(bin.replace('-', '–')),
      decimal(distance, 2),
      size(margin),
      share(accuracy),
      count(margin.n),
      count(margin.clusters),
    ]),
    notes: [
      '1 − Tanimoto: Morgan environments of radius 2 in 2,048 bits. Edit steps: tokens of the canonical SMILES that are put in, taken out or exchanged. A bin has its upper end, and not its lower one.',
    ],
  }
}
