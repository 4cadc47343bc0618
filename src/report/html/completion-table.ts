import type { ScoredCompletion } from '../../types.ts'
import { completionsByInterest } from './informative.ts'
import type { Limits } from './limits.ts'
import type { Picked } from './picked.ts'
import {
  choiceColumn,
  type Detail,
  detailOf,
  expectedPart,
  numberColumn,
  type RowTable,
  rowTable,
  textColumn,
  verdictWord,
} from './row-table.ts'

/** Rows of the completions' browser: those that belong to no pair. null without any. */
export function completionTable(
  completions: readonly ScoredCompletion[],
  prompts: ReadonlyMap<string, string>,
  { pool, drawings }: Picked,
  limits: Limits,
): RowTable | null {
  const single = completions.filter((completion) => completion.role === 'completion')
  if (single.length === 0) return null
  const kept = completionsByInterest(single).slice(0, limits.rows)
  const order = kept.toSorted((a, b) => a - b)
  const place = new Map(order.map((index, i) => [index, i]))
  const details = new Array<Detail>(order.length)
  for (const i of kept) {
    const completion = single[i]!
    const prompt = prompts.get(completion.id)
    details[place.get(i)!] = {
      prompt: prompt === undefined ? null : pool.add(prompt),
      ...expectedPart(drawings.answers?.expected(completion.id), pool, drawings),
      completions: [detailOf(completion, 'Completion', pool, drawings.single(completion))],
    }
  }
  const shown = order.map((i) => single[i]!)
  const columns = [
    textColumn('id', 'Row', shown, (completion) => completion.id),
    numberColumn('index', 'No.', shown, (completion) => completion.index),
    choiceColumn('subset', 'Subset', shown, (completion) => completion.subset),
    numberColumn('score', 'Score', shown, (completion) => completion.score),
    numberColumn('reward', 'Reward', shown, (completion) => completion.verifiableReward),
    choiceColumn('status', 'Status', shown, (completion) => completion.verifiableStatus),
    choiceColumn('reason', 'Verdict', shown, verdictWord),
    numberColumn('tokens', 'Tokens', shown, (completion) => completion.completionTokens),
  ]
  return rowTable('completions', columns, details, pool, drawings, single.length, limits)
}
