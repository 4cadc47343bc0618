import type { JoinedRow } from './join.ts'
import { plain } from './plain-text.ts'
import type { CompletionGroup, Row, ScoredCompletion, ScoredPair, SolutionInput } from './types.ts'

/** What the analyses read: every joined completion and pair, in the order of the data. */
export interface Joined {
  readonly completions: readonly ScoredCompletion[]
  readonly pairs: readonly ScoredPair[]
  readonly groups: readonly CompletionGroup[]
  /** Completions without a measurement, with their place. */
  readonly unscored: readonly {
    readonly where: string
    readonly id: string
    readonly role: string
    readonly index: number
    readonly reason: string
    /** More than the reason says, or null. */
    readonly message: string | null
  }[]
  /** Completions that were cut to fit. */
  readonly truncations: number
  /** Prompt by row id, for rows that make no pair. */
  readonly prompts: ReadonlyMap<string, string>
  /** Solution by row id, of the rows that have one. */
  readonly solutions: ReadonlyMap<string, SolutionInput>
}

/** Goes through the rows and keeps what the analyses need. */
export async function collect(
  rows: AsyncIterable<JoinedRow>,
  options: {
    readonly scored: boolean
    /** Told of every pair when it comes: what is not kept of its row must be taken now. */
    readonly onPair?: (row: Row, pair: ScoredPair) => void
  },
): Promise<Joined> {
  const completions: ScoredCompletion[] = []
  const pairs: ScoredPair[] = []
  const groups: CompletionGroup[] = []
  let truncations = 0
  const prompts = new Map<string, string>()
  const solutions = new Map<string, SolutionInput>()
  const unscored: Joined['unscored'][number][] = []
  for await (const joined of rows) {
    const { row } = joined
    for (const [i, completion] of joined.completions.entries()) {
      completions.push(completion)
      if (joined.details[i]!.truncated === true) truncations++
      if (options.scored && completion.scoreReason !== null && completion.scoreReason !== 'head_all')
        unscored.push({
          where: row.where,
          id: row.id,
          role: completion.role,
          index: completion.index,
          reason: completion.scoreReason,
          message: joined.details[i]!.unscoredMessage ?? null,
        })
    }
    if (row.solution !== null) solutions.set(row.id, row.solution)
    if (joined.pairs.length === 0) prompts.set(row.id, plain(row.prompt))
    if (joined.group !== null) groups.push(joined.group)
    for (const pair of joined.pairs) {
      pairs.push(pair)
      options.onPair?.(row, pair)
    }
  }
  return { completions, pairs, groups, unscored, truncations, prompts, solutions }
}
