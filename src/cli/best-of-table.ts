import type { BestOf, BestOfTable } from '../agreement/best-of.ts'
import { percent, textTable } from '../report/table.ts'
import { subsetName } from '../subset-name.ts'

/** For rows with several rejected completions: how often the chosen one is the best, and RewardBench 2's scores. */
export function bestOfTable({ overall, subsets, several_chosen, ties, rewardbench_2 }: BestOfTable): string {
  const withMissing = overall.missing > 0
  const line = (name: string, { score, chance, ci, n, missing }: BestOf): string[] => [
    name,
    percent(score),
    ci === null ? '–' : `${(ci.low * 100).toFixed(1)} – ${(ci.high * 100).toFixed(1)}`,
    percent(chance),
    String(n),
    ...(withMissing ? [String(missing)] : []),
  ]
  const names = Object.keys(subsets)
  const table = textTable(
    ['chosen is the best', 'share', '95 % CI', 'chance', 'rows', ...(withMissing ? ['missing'] : [])],
    [
      ...names.flatMap((name) => (names.length === 1 && name === '' ? [] : [line(subsetName(name), subsets[name]!)])),
      line('all', overall),
    ],
  )
  const why = (reason: string | null): string => (reason === null ? '' : ` (${reason})`)
  return [
    table,
    ...(several_chosen > 0 ? [`${several_chosen} rows with several chosen completions are not counted here`] : []),
    ...(ties === null
      ? []
      : [
          `Ties: ${percent(ties.score)} of at most 101, ${ties.ref} ref and ${ties.tied} tied prompts${why(ties.reason)}`,
        ]),
    ...(rewardbench_2 === null ? [] : [`RewardBench 2: ${percent(rewardbench_2.score)}${why(rewardbench_2.reason)}`]),
  ].join('\n')
}
