import { bestOfN } from '../groups/best-of-n.ts'
import { expectedVoting } from '../groups/expected-voting.ts'
import { answeredScores, correctness, type GroupValues, usable } from './group-values.ts'

/** Largest n of a curve: bounds the time of a group of very many completions. */
export const LARGEST_N = 1024
/** Every n up to here, then in steps of about 5 %. */
const DENSE = 64

/** Values of n that a curve has, ascending; the largest is among them. */
export function curveGrid(largest: number): number[] {
  const end = Math.min(largest, LARGEST_N)
  const grid: number[] = []
  for (let n = 1; n < end; n = n < DENSE ? n + 1 : Math.ceil(n * 1.05)) grid.push(n)
  if (end >= 1) grid.push(end)
  return grid
}

/**
 * Methods of the curves. The exact ones are expectations over all subsets of n of the completions that count (verified and, in a run with
 * scores, scored), so that they can be set against each other; the others are over the first n completions as they stand, as ReFT has it.
 */
export const VOTES = ['voting_string_expected', 'voting_canonical_expected'] as const
const EXACT = ['best_of_n', 'pass_at_n', 'random', ...VOTES] as const
export const PREFIX = ['pass_prefix', 'voting_string', 'voting_canonical', 'rerank', 'rerank_answered'] as const
export type CurveMethod = (typeof EXACT | typeof PREFIX)[number]

/** The values of one method: of group g at the k-th n of the grid at [start[g] + k], NaN where absent. */
export interface GroupPaths {
  readonly grid: readonly number[]
  readonly start: Int32Array
  readonly values: Readonly<Record<CurveMethod, Float64Array>>
}

/**
 * Every group's path over n.
 * @param worth what a completion counts: whether it passes, or its reward
 */
export function groupPaths(groups: readonly GroupValues[], scored: boolean, worth: 'pass' | 'reward'): GroupPaths {
  const grid = curveGrid(groups.reduce((most, { rewards }) => Math.max(most, rewards.length), 0))
  const start = new Int32Array(groups.length + 1)
  for (const [g, { rewards }] of groups.entries())
    start[g + 1] = start[g]! + grid.filter((n) => n <= rewards.length).length
  const empty = (): Float64Array => new Float64Array(start.at(-1)!).fill(Number.NaN)
  const values = Object.fromEntries([...EXACT, ...PREFIX].map((name) => [name, empty()])) as Record<
    CurveMethod,
    Float64Array
  >
  for (const [g, group] of groups.entries()) {
    const own =
      worth === 'pass' ? { ...group, worths: correctness(group.rewards) } : { ...group, worths: group.rewards }
    const points = grid.slice(0, start[g + 1]! - start[g]!)
    const put = (name: CurveMethod, path: ArrayLike<number> | null): void => {
      if (path === null) return
      for (const [k, n] of points.entries()) if (n <= path.length) values[name][start[g]! + k] = path[n - 1]!
    }
    exactPaths(own, scored, points.at(-1) ?? 0, put)
    prefixPaths(own, scored, points.at(-1) ?? 0, put)
  }
  return { grid, start, values }
}

type Put = (name: CurveMethod, path: ArrayLike<number> | null) => void
interface Worthy extends GroupValues {
  readonly worths: readonly (number | null)[]
}

function exactPaths(group: Worthy, scored: boolean, largest: number, put: Put): void {
  const used = usable(group, scored)
  const worths = used.map((i) => group.worths[i]!)
  const ideal = bestOfN(worths, worths, { largest })
  put('pass_at_n', ideal.expected)
  put('random', ideal.random)
  if (scored)
    put(
      'best_of_n',
      bestOfN(
        used.map((i) => group.scores[i]!),
        worths,
        { largest },
      ).expected,
    )
  const vote = (keys: GroupValues['answers']): number[] | null =>
    keys &&
    expectedVoting(
      used.map((i) => keys[i]!),
      worths,
    )
  put('voting_string_expected', vote(group.answers))
  put('voting_canonical_expected', vote(group.molecules))
}

function prefixPaths(group: Worthy, scored: boolean, largest: number, put: Put): void {
  const { worths, scores, answers, molecules } = group
  const nothing = worths.some((worth) => worth !== null) ? 0 : Number.NaN
  const value = (index: number | null, nobody: number): number =>
    index === null ? nobody : (worths[index] ?? Number.NaN)
  const path = (at: (i: number) => number): Float64Array => Float64Array.from({ length: largest }, (_, i) => at(i))
  let best = Number.NaN
  put(
    'pass_prefix',
    path((i) => {
      const worth = worths[i]!
      if (worth !== null && !(best >= worth)) best = worth
      return best
    }),
  )
  for (const [name, keys] of [
    ['voting_string', answers],
    ['voting_canonical', molecules],
  ] as const) {
    if (keys === null) continue
    const winner = winners(keys)
    put(
      name,
      path((i) => value(winner(i), nothing)),
    )
  }
  if (!scored) return
  const rank = leaders(scores)
  put(
    'rerank',
    path((i) => value(rank(i), Number.NaN)),
  )
  if (answers === null) return
  const answered = leaders(answeredScores(group))
  let [any, anyScore] = [false, false]
  put(
    'rerank_answered',
    path((i) => {
      any ||= answers[i] !== null
      anyScore ||= scores[i] !== null
      return value(answered(i), any || !anyScore ? Number.NaN : nothing)
    }),
  )
}

/** The vote's pick after each completion, called with 0, 1, 2 … in order. */
function winners(keys: readonly (string | number | null)[]): (i: number) => number | null {
  const counts = new Map<string | number, { readonly first: number; count: number }>()
  let winner: { readonly first: number; readonly count: number } | null = null
  return (i) => {
    const key = keys[i]!
    if (key === null) return winner?.first ?? null
    const own = counts.get(key) ?? { first: i, count: 0 }
    counts.set(key, own)
    own.count++
    if (winner === null || own.count > winner.count || (own.count === winner.count && own.first < winner.first))
      winner = own
    return winner.first
  }
}

/** The completion with the highest score so far, called with 0, 1, 2 … in order. */
function leaders(scores: readonly (number | null)[]): (i: number) => number | null {
  let best: number | null = null
  return (i) => {
    const score = scores[i]!
    if (score !== null && (best === null || score > scores[best]!)) best = i
    return best
  }
}
