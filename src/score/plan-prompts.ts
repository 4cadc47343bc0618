import type { Batch, Sequence } from '../types.ts'

/** Sequences of one group with the tokens that all of them begin with and that none of them is. */
export interface PromptGroup {
  /** In the order of their ids. */
  readonly sequences: readonly number[]
  readonly prefix: number
}

interface Bounds {
  readonly batchTokens: number
  readonly batchSize: number
}

/** Prompt lengths are rounded down to one of these, whichever makes the cheapest plan: what is cut off is computed with each completion. */
const WIDTHS = [1, 8, 16, 32, 64, 128] as const

/** What a run costs beside its tokens, as a share of a full one: a GPU does not finish small runs sooner. */
const COST_OF_A_RUN = 1 / 8

/**
 * Batches for the form `prompts` (model/prompt-rows.ts): all prompts of a batch have one length. A group's prompt may be cut short, so that it has the length of others; a group that no batch holds is divided. Deterministic.
 * Time: groups · log(groups) for each width.
 */
export function planPrompts(
  groups: readonly PromptGroup[],
  sequences: readonly Sequence[],
  bounds: Bounds,
): readonly Batch[] {
  const plans = WIDTHS.map((width) => planWith(width, groups, sequences, bounds))
  const costs = plans.map((batches) =>
    batches.reduce((sum, { tokens }) => sum + tokens + COST_OF_A_RUN * bounds.batchTokens, 0),
  )
  return plans[costs.indexOf(Math.min(...costs))]!
}

function planWith(
  width: number,
  groups: readonly PromptGroup[],
  sequences: readonly Sequence[],
  bounds: Bounds,
): Batch[] {
  const byLength = new Map<number, PromptGroup[]>()
  for (const group of groups) {
    const length = group.prefix < width ? group.prefix : width * Math.floor(group.prefix / width)
    const same = byLength.get(length)
    if (same) same.push(group)
    else byLength.set(length, [group])
  }
  return [...byLength].flatMap(([length, members]) => batchesOf(length, members, sequences, bounds))
}

/** How much larger than its tokens the grid may be in which attention sees the completions of a batch, padded to the longest. */
const GRID_OVER_TOKENS = 2

/** A batch as it grows. */
class Growing {
  readonly sequences: number[] = []
  readonly reused: number[] = []
  tokens = 0
  #longest = 0

  constructor(
    readonly prefix: number,
    readonly bounds: Bounds,
  ) {}

  /** @param rests tokens of each completion behind the prompt */
  holds(prompts: number, rests: readonly number[]): boolean {
    const { batchTokens, batchSize } = this.bounds
    const count = this.sequences.length + rests.length
    const longest = rests.reduce((most, rest) => Math.max(most, rest), this.#longest)
    const tokens = rests.reduce((sum, rest) => sum + rest, this.tokens + prompts * this.prefix)
    return count <= batchSize && tokens <= batchTokens && count * longest <= GRID_OVER_TOKENS * batchTokens
  }
  add(sequence: number, rest: number, first: boolean): void {
    this.sequences.push(sequence)
    this.reused.push(first ? 0 : this.prefix)
    this.tokens += rest + (first ? this.prefix : 0)
    this.#longest = Math.max(this.#longest, rest)
  }
  get batch(): Batch {
    const { sequences, reused, prefix, tokens } = this
    return { layout: 'shared', sequences, prefix, reused, tokens }
  }
}

/** Groups whose prompts have this length: those with the longest completions first, so that a batch's are about as long. */
function batchesOf(
  prefix: number,
  groups: readonly PromptGroup[],
  sequences: readonly Sequence[],
  bounds: Bounds,
): Batch[] {
  const rest = (index: number): number => sequences[index]!.ids.length - prefix
  const ordered = groups
    .map(({ sequences: members }) => ({ members, longest: Math.max(...members.map(rest)) }))
    .sort((a, b) => b.longest - a.longest || a.members[0]! - b.members[0]!)
  const batches = [new Growing(prefix, bounds)]
  const last = (): Growing => batches.at(-1)!
  const next = (): void => {
    if (last().sequences.length > 0) batches.push(new Growing(prefix, bounds))
  }
  for (const { members } of ordered) {
    if (!last().holds(1, members.map(rest))) next()
    let first = true
    for (const index of members) {
      if (!last().holds(first ? 1 : 0, [rest(index)])) {
        next()
        first = true
      }
      last().add(index, rest(index), first)
      first = false
    }
  }
  return batches.flatMap((one) => (one.sequences.length === 0 ? [] : [one.batch]))
}
