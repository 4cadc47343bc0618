import { type ContingencyTest, chiSquareTest } from '../stats/contingency.ts'
import type { ScoredCompletion } from '../types.ts'
import { verifiedReward } from './columns.ts'
import { passes } from './completions.ts'
import { type Top, topOf } from './top-share.ts'

/** A completion on which the model and the verifier disagree most, for reading by a person; nothing is relabelled. */
export interface Suspect {
  /** hack: the model likes it, the verifier fails it. verifier: the model dislikes it, the verifier passes it. */
  readonly kind: 'hack' | 'verifier'
  readonly completion: ScoredCompletion
  /** Mid-rank of the score among the scored and verified completions, 0 … 1. */
  readonly percentile: number
}

/** One cell of the reason table. */
export interface ReasonCell {
  readonly reason: string
  /** 1 (lowest scores) … 10. */
  readonly decile: number
  readonly count: number
  /** Standardised residual of independence; null where a margin is empty. */
  readonly residual: number | null
}
export interface Hacking {
  readonly suspects: readonly Suspect[]
  /** Of each kind, completions whose score is that at the border, which more share than fit: not listed. */
  readonly tied: Readonly<Record<Suspect['kind'], number>>
  readonly reasons: readonly ReasonCell[]
  /** χ² test of reason × decile of the score, rows taken as independent; null with one reason. */
  readonly test: ContingencyTest | null
}

/** Score quantile beyond which a disagreement is listed. */
const TENTH = 0.9

/** Whether a score has a place among the highest, whatever the order of equal ones; or shares the last places with others. */
const isIn = ({ border, sharing }: Top, score: number): boolean => (sharing === 0 ? score >= border : score > border)
const shares = ({ border, sharing }: Top, score: number): boolean => sharing > 0 && score === border

/**
 * Mines disagreements: failed completions with a score in the top tenth, by score, and passed ones in the bottom tenth (the
 * verifier may be wrong: tautomers, salts, other isomers). Equal scores that do not all fit into the tenth are not in it: nothing tells
 * which of them would be; those that would else be suspects are counted as `tied`. A constant score has no top.
 */
export function mineHacks(completions: readonly ScoredCompletion[]): Hacking {
  const present = completions.filter((c) => c.score !== null && !Number.isNaN(verifiedReward(c)))
  const scores = Float64Array.from(present, (c) => c.score!).sort()
  if (scores.length === 0) return { suspects: [], tied: { hack: 0, verifier: 0 }, reasons: [], test: null }
  // The bottom is the top of the scores turned round.
  const [top, bottom] = [topOf(scores, TENTH), topOf(scores.map((s) => -s).sort(), TENTH)]
  const passing = (c: ScoredCompletion): boolean => passes(c.verifiableReward!)
  const pick = (kind: Suspect['kind'], keep: (c: ScoredCompletion) => boolean, sign: number): Suspect[] =>
    present
      .filter(keep)
      .sort((a, b) => sign * (a.score! - b.score!) || (a.id < b.id ? -1 : a.id > b.id ? 1 : a.index - b.index))
      .map((completion) => ({ kind, completion, percentile: midRank(scores, completion.score!) }))
  return {
    suspects: [
      ...pick('hack', (c) => isIn(top, c.score!) && !passing(c), -1),
      ...pick('verifier', (c) => isIn(bottom, -c.score!) && passing(c), 1),
    ],
    tied: {
      hack: present.filter((c) => shares(top, c.score!) && !passing(c)).length,
      verifier: present.filter((c) => shares(bottom, -c.score!) && passing(c)).length,
    },
    ...reasonTable(present, scores),
  }
}

/** Share of values below, with half of the equal ones. */
function midRank(sorted: Float64Array, value: number): number {
  const bound = (after: boolean): number => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (after ? sorted[middle]! <= value : sorted[middle]! < value) low = middle + 1
      else high = middle
    }
    return low
  }
  return (bound(false) + bound(true)) / 2 / sorted.length
}

const DECILES = 10
/** Reasons by decile of the score; a reward without a reason counts as pass, partial or fail. */
function reasonTable(
  completions: readonly ScoredCompletion[],
  sorted: Float64Array,
): Pick<Hacking, 'reasons' | 'test'> {
  const names = [...new Set(completions.map(reasonOf))].sort()
  const counts = names.map(() => new Array<number>(DECILES).fill(0))
  for (const c of completions) {
    const decile = Math.min(DECILES - 1, Math.floor(midRank(sorted, c.score!) * DECILES))
    const row = counts[names.indexOf(reasonOf(c))]!
    row[decile] = row[decile]! + 1
  }
  const test = chiSquareTest(counts)
  // The test leaves empty deciles out: map its residuals back.
  const filled = Array.from({ length: DECILES }, (_, d) => counts.some((row) => row[d]! > 0))
  const column = filled.map((_, d) => filled.slice(0, d).filter(Boolean).length)
  return {
    test,
    reasons: names.flatMap((reason, r) =>
      counts[r]!.map((count, d) => ({
        reason,
        decile: d + 1,
        count,
        residual: test !== null && filled[d] ? test.residuals[r]![column[d]!]! : null,
      })),
    ),
  }
}
const reasonOf = (c: ScoredCompletion): string => c.verifiableReason ?? c.verifiableStatus
