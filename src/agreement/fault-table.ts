import type { Statistic } from '../types.ts'
import { FAULT_MEANINGS, type FaultLine } from './faults.ts'
import { MIN_CLUSTERS } from './strata.ts'
import { count, type PaperTable, percent, text } from './tables.ts'

/** Accuracy by why the rejected answer is wrong, as a paper table. @param lines not empty */
export function faultPaperTable(lines: readonly FaultLine[], model: string, ciMethod: string): PaperTable {
  const share = (line: Statistic | null, few: boolean) =>
    percent(line?.value ?? null, line === null ? null : intervalOf(line), few)
  return {
    name: 'accuracy-by-fault',
    caption: `Pairwise accuracy of ${model} by why the rejected answer is wrong, per cent.`,
    columns: ['', 'strict', 'ties as ½', 'pairs', 'prompts', 'share of all pairs'].map((title) => ({ title })),
    rows: lines.map(({ level, title, share: part, strict, half }) => {
      const few = half.clusters < MIN_CLUSTERS
      return [
        text(title),
        percent(strict.value, intervalOf(strict), few),
        percent(half.value, intervalOf(half), few),
        count(half.n),
        count(half.clusters),
        level === 'all' ? text('') : share(part, false),
      ]
    }),
    notes: [
      ...definitionsOf(lines).map((line) => `${line}.`),
      `95 % intervals: ${ciMethod}. Shares are of all pairs, scored or not.`,
      `† fewer than ${MIN_CLUSTERS} prompts.`,
    ],
  }
}

/** What the levels that are there say, the headline first. */
export const definitionsOf = (lines: readonly Pick<FaultLine, 'level'>[]): string[] =>
  lines.flatMap(({ level }) => {
    if (level === 'all') return []
    if (level === 'both_well_formed')
      return ['Both well-formed: both answers are in the format, and RDKit reads them where a molecule is expected']
    const { title, definition } = FAULT_MEANINGS[level]
    return [`${title[0]!.toUpperCase()}${title.slice(1)}: ${definition}`]
  })

const intervalOf = ({ ciLow, ciHigh }: Statistic): { low: number; high: number } | null =>
  ciLow === null || ciHigh === null ? null : { low: ciLow, high: ciHigh }
