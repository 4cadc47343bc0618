import { notAll } from '../agreement/columns.ts'
import { textTable } from '../report/table.ts'
import { subsetName } from '../subset-name.ts'
import type { ScoredCompletion } from '../types.ts'

/** For rows that make no pairs (groups, single conversations): the scores by subset. */
export function scoreTable(completions: readonly ScoredCompletion[]): string {
  const subsets = new Map<string, number[]>()
  const counts = new Map<string, number>()
  for (const { subset, score } of completions)
    for (const name of ['all', `subset ${subset}`]) {
      counts.set(name, (counts.get(name) ?? 0) + 1)
      const scores = subsets.get(name) ?? []
      if (score !== null) scores.push(score)
      subsets.set(name, scores)
    }
  const line = (name: string, label: string): string[] => {
    const scores = subsets.get(name) ?? []
    return [label, ...summaryOf(scores), String(scores.length), String(counts.get(name) ?? 0)]
  }
  const named = [...subsets.keys()].filter((name) => name !== 'all')
  const rows = named.length === 1 && named[0] === 'subset ' ? [] : named
  return textTable(
    ['score', 'mean', 'lowest', 'highest', 'scored', 'completions'],
    [...rows.map((name) => line(name, subsetName(notAll(name.slice('subset '.length))))), line('all', 'all')],
  )
}

function summaryOf(scores: readonly number[]): string[] {
  if (scores.length === 0) return ['–', '–', '–']
  let [sum, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const score of scores) {
    sum += score
    low = Math.min(low, score)
    high = Math.max(high, score)
  }
  return [sum / scores.length, low, high].map((value) => value.toPrecision(4))
}
