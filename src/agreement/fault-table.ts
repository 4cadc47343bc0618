import type { Statistic } from '../types.ts'
import { type FaultLine, isPart } from './faults.ts'
import { MIN_CLUSTERS } from './strata.ts'
import { count, intervalSentence, type PaperTable, percent, text } from './tables.ts'

/**
 * Accuracy by why the rejected answer is wrong, as a paper table.
 * @param lines not empty
 * @param scorer as captions call it, with its reference
 */
export function faultPaperTable(
  lines: readonly FaultLine[],
  scorer: string,
  dataset: string,
  ciMethod: string,
): PaperTable {
  const share = (line: Statistic | null, few: boolean) =>
    percent(line?.value ?? null, line === null ? null : intervalOf(line), few)
  return {
    name: 'accuracy-by-fault',
    caption: `Pairwise accuracy of ${scorer} on ${dataset} by why the rejected answer is wrong, per cent.`,
    intervals: intervalSentence(
      ciMethod,
      lines.flatMap((line) => [line.strict.ciMethod, line.half.ciMethod, line.share?.ciMethod ?? null]),
    ),
    source: 'agreement.csv',
    columns: [
      { title: '' },
      { title: 'strict' },
      {
        title: 'ties as ½',
        spare: { when: { same: 1 }, note: 'No ties: with them as ½ the accuracies are the same.' },
      },
      { title: 'pairs' },
      { title: 'prompts', spare: { when: { same: 3 }, note: 'Every pair has a prompt of its own.' } },
      { title: 'share of all pairs' },
    ],
    breaks: lines.length > 1 && lines.at(-1)!.level === 'all' ? [{ before: lines.length - 1 }] : [],
    rows: lines.map((line) => {
      const { level, title, share: part, strict, half } = line
      const few = half.clusters < MIN_CLUSTERS
      return [
        text(isPart(line, lines) ? `– ${title}` : title),
        percent(strict.value, intervalOf(strict), few),
        percent(half.value, intervalOf(half), few),
        count(half.n),
        count(half.clusters),
        level === 'all' ? percent(1) : share(part, false),
      ]
    }),
    notes: [...definitionsOf(lines).map((line) => `${line}.`), 'Shares are of all pairs, scored or not.'],
  }
}

/** What the levels that are there say, the headline first. */
const definitionsOf = (lines: readonly FaultLine[]): string[] =>
  lines.flatMap(({ title, definition }) =>
    definition === null ? [] : [`${title[0]!.toUpperCase()}${title.slice(1)}: ${definition}`],
  )

const intervalOf = ({ ciLow, ciHigh }: Statistic): { low: number; high: number } | null =>
  ciLow === null || ciHigh === null ? null : { low: ciLow, high: ciHigh }
