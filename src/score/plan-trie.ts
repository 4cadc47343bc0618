import type { Batch, Sequence } from '../types.ts'
import type { PlanOptions } from './plan.ts'
import { preorder, sharedPrefix } from './shared-prefix.ts'

/** A shorter path is computed anew: to hand on its keys and values would take as long. */
const LEAST_CARRIED = 4

/**
 * The batches of a runner that puts all sequences of a batch in one row and carries keys and values from batch to batch: the sequences as one trie, in preorder,
 * cut where a batch is full. The next batch carries what its first sequence shares with the last one of the batch before, so every token of the trie is computed
 * once, but for the last tokens of prompts that are cut apart, from which the head reads. Of the branches of a node that with the longest sequence comes first.
 */
export function planTrie(
  sequences: readonly Sequence[],
  { batchTokens, batchSize }: Pick<PlanOptions, 'batchTokens' | 'batchSize'>,
): Batch[] {
  const batches: Open[] = []
  let open: Open | null = null
  let before: Sequence | null = null
  for (const index of longestFirst(sequences)) {
    const sequence = sequences[index]!
    const shared = before === null ? 0 : sharedPrefix(before, sequence)
    before = sequence
    const own = sequence.ids.length - shared
    const unread = leastRead(sequence)
    // a head reads no token that is carried
    const fits: boolean =
      open !== null &&
      open.tokens + own <= batchTokens &&
      open.sequences.length < batchSize &&
      Math.min(open.through, shared) <= unread
    if (open === null || !fits) {
      const most = Math.min(shared, unread)
      const carried = most < LEAST_CARRIED ? 0 : most
      open = { sequences: [index], reused: [0], carried, through: carried, tokens: sequence.ids.length - carried }
      batches.push(open)
      continue
    }
    open.sequences.push(index)
    open.reused.push(shared)
    open.through = Math.min(open.through, shared)
    open.tokens += own
  }
  return batches.map(({ sequences: members, reused, carried, tokens }, b): Batch => {
    const kept = batches[b + 1]?.carried ?? 0
    return {
      layout: 'shared',
      sequences: members,
      prefix: reused.slice(1).reduce((least, n) => Math.min(least, n), reused[1] ?? 0),
      reused,
      ...(carried > 0 && { carried }),
      ...(kept > 0 && { kept }),
      tokens,
    }
  })
}

interface Open {
  readonly sequences: number[]
  readonly reused: number[]
  readonly carried: number
  /** Of the last sequence's tokens, how many are carried. */
  through: number
  tokens: number
}

/** Tokens before the first whose hidden state a head may ask for. A log-probability is read from the token before. */
const leastRead = ({ reads }: Sequence): number =>
  reads.length === 0 ? 0 : Math.max(0, reads.reduce((least, place) => Math.min(least, place)) - 1)

/** A node of the trie where sequences part, or the end of one (its index). */
interface Branch {
  readonly depth: number
  readonly children: (Branch | number)[]
  longest: number
}

/** All sequences in a preorder of their trie, by the longest sequence below each branch. Deterministic. No recursion: a trie may be as deep as a text is long. */
function longestFirst(sequences: readonly Sequence[]): number[] {
  const ordered: number[] = []
  const lengthOf = (child: Branch | number): number =>
    typeof child === 'number' ? sequences[child]!.ids.length : child.longest
  const waiting: (Branch | number)[] = [trieOf(preorder([...sequences.keys()], sequences), sequences)]
  while (waiting.length > 0) {
    const next = waiting.pop()!
    if (typeof next === 'number') ordered.push(next)
    else for (const child of [...next.children].reverse().sort((a, b) => lengthOf(a) - lengthOf(b))) waiting.push(child)
  }
  return ordered
}

/** The trie of sequences in preorder, with a node wherever two of them part. */
function trieOf(order: readonly number[], sequences: readonly Sequence[]): Branch {
  const root: Branch = { depth: 0, children: [], longest: 0 }
  /** The nodes that the next sequence may hang on, from the root down. */
  const path: Branch[] = [root]
  const top = (): Branch => path.at(-1)!
  const close = (): void => {
    const { longest } = path.pop()!
    top().longest = Math.max(top().longest, longest)
  }
  order.forEach((index, i) => {
    const shared = i === 0 ? 0 : sharedPrefix(sequences[order[i - 1]!]!, sequences[index]!)
    let last: Branch | null = null
    while (top().depth > shared) {
      last = top()
      close()
    }
    if (top().depth < shared) {
      const child = top().children.pop()!
      const longest = last?.longest ?? sequences[child as number]!.ids.length
      const node: Branch = { depth: shared, children: [child], longest }
      top().children.push(node)
      path.push(node)
    }
    const node = top()
    node.children.push(index)
    node.longest = Math.max(node.longest, sequences[index]!.ids.length)
  })
  while (path.length > 1) close()
  return root
}
