import { auroc } from '../../stats/auroc.ts'
import type { CompletionGroup } from '../../types.ts'
import { verifiedReward } from '../columns.ts'
import { passes } from '../completions.ts'

/** What the analysis reads of a completion of which the data say how it was made. */
export interface MovedCompletion {
  readonly transformation: string
  readonly family: string | null
  readonly same: boolean
  readonly score: number | null
  /** null where unverifiable. */
  readonly reward: number | null
}
/** An original with what was made of it, from records or from scores.csv. */
export interface MovedGroup {
  readonly cluster: string
  readonly original: MovedCompletion
  readonly others: readonly MovedCompletion[]
}

/** How one completion stands to its original; null = not known, or not asked of its kind. */
export interface Move extends MovedCompletion {
  /** Its score − the original's. */
  readonly delta: number | null
  /** Of a twin, share of the rivals whose order with the original's score is another with the twin's; a new tie counts ½. */
  readonly flip: number | null
  /** The same over the rivals that score below the original: share that scores above the twin. */
  readonly lost: number | null
  /** Rivals that score as the twin does. */
  readonly tied: number
  /** Of a changed one: |delta| exceeds the spread of the original and the twins that keep its verdict. */
  readonly beyond: number | null
  /** Of a changed one that the verifier ranks below the original: scored below it, ½ for an equal score. */
  readonly below: number | null
  /** Of a twin: the verifier passes one of the two, twin and original, and not the other. */
  readonly verdictChanged: number | null
}
/** A group with its moves. */
export interface Moves {
  readonly cluster: string
  readonly original: MovedCompletion
  /** Twins first, then changed ones. */
  readonly twins: readonly Move[]
  readonly changed: readonly Move[]
  /** Mean |original's score − rival's| over the rivals; null without. */
  readonly margin: number | null
}

/**
 * Groups of which the data say how completions were made. The original is the completion of that name, else the first one; a
 * completion without a word on how it was made takes no part.
 */
export function movedGroups(groups: readonly CompletionGroup[]): MovedGroup[] {
  return groups.flatMap(({ cluster, completions }): MovedGroup[] => {
    const known = completions.flatMap((c): MovedCompletion[] => {
      if (c.variant === undefined) return []
      const reward = verifiedReward(c)
      return [{ ...c.variant, score: c.score, reward: Number.isNaN(reward) ? null : reward }]
    })
    return known.length < 2 ? [] : [asMoved(cluster, known)]
  })
}

/** @param completions two at least */
export function asMoved(cluster: string, completions: readonly MovedCompletion[]): MovedGroup {
  const named = completions.findIndex(({ transformation }) => transformation === ORIGINAL)
  const at = Math.max(0, named)
  return { cluster, original: completions[at]!, others: completions.filter((_, i) => i !== at) }
}
const ORIGINAL = 'original'

/**
 * What a scorer makes of a group. Rivals are the changed completions that an answer should beat: all but those that the verifier ranks as
 * high as the original (another right answer to an open question).
 */
export function movesOf({ cluster, original, others }: MovedGroup): Moves {
  const { score: base, reward: due } = original
  const twins = others.filter(({ same }) => same)
  const changed = others.filter(({ same }) => !same)
  const rivals =
    base === null
      ? []
      : changed.flatMap(({ score, reward }) =>
          score === null || (due !== null && reward !== null && reward >= due) ? [] : [score],
        )
  const gaps = rivals.map((score) => Math.abs(base! - score))
  const known = (one: MovedCompletion): MovedCompletion & { readonly verdictChanged: number | null } => ({
    ...one,
    verdictChanged: due === null || one.reward === null ? null : Number(passes(due) !== passes(one.reward)),
  })
  const judged = twins.map(known)
  const spread = spreadOf(base, judged.filter(keepsVerdict))
  const plain = (one: ReturnType<typeof known>) => ({
    ...one,
    delta: base === null || one.score === null ? null : one.score - base,
    flip: null,
    lost: null,
    tied: 0,
    beyond: null,
    below: null,
  })
  return {
    cluster,
    original,
    twins: judged.map((twin): Move => {
      const { score } = twin
      const apart = base !== null && score !== null ? rivals.filter((rival) => rival !== base) : []
      const under = apart.filter((rival) => rival < base!)
      return {
        ...plain(twin),
        flip: meanOf(apart.map((rival) => turned(base! - rival, score! - rival))),
        lost: meanOf(under.map((rival) => turned(1, score! - rival))),
        tied: apart.filter((rival) => rival === score).length,
      }
    }),
    changed: changed.map((one): Move => {
      const { score, reward } = one
      const delta = base === null || score === null ? null : score - base
      return {
        ...plain({ ...one, verdictChanged: null }),
        beyond: delta === null || spread === null ? null : Number(Math.abs(delta) > spread),
        below:
          delta === null || due === null || reward === null || reward >= due
            ? null
            : delta < 0
              ? 1
              : delta === 0
                ? 0.5
                : 0,
      }
    }),
    margin: meanOf(gaps),
  }
}

/** A twin that the verifier judges as it does the original, or does not judge: a code fence may make a right answer fail. */
export const keepsVerdict = ({ verdictChanged }: Pick<Move, 'verdictChanged'>): boolean => verdictChanged !== 1

/** 1 where the sign is another one, ½ where it is none. */
const turned = (before: number, after: number): number => (after === 0 ? 0.5 : before > 0 === after > 0 ? 0 : 1)

const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length

/** Sample standard deviation of the original's score and those of the twins; null without both. */
export function spreadOf(base: number | null, twins: readonly Pick<MovedCompletion, 'score'>[]): number | null {
  if (base === null) return null
  const scores = [base, ...twins.flatMap(({ score }) => (score === null ? [] : [score]))]
  if (scores.length < 2) return null
  // about the original, which equal scores leave at exactly 0
  const mean = scores.reduce((sum, score) => sum + (score - base), 0) / scores.length
  return Math.sqrt(scores.reduce((sum, score) => sum + (score - base - mean) ** 2, 0) / (scores.length - 1))
}

/** Chance that a changed completion of the group moves the score more than a twin does that keeps the verdict, ties ½; null where one kind is missing. */
export function movedApart(twins: readonly Move[], changed: readonly Move[]): number | null {
  const sizes = (moves: readonly Move[]): number[] =>
    moves.flatMap(({ delta }) => (delta === null ? [] : [Math.abs(delta)]))
  const [still, moved] = [sizes(twins.filter(keepsVerdict)), sizes(changed)]
  if (still.length === 0 || moved.length === 0) return null
  return auroc([...still.map(() => 0), ...moved.map(() => 1)] as (0 | 1)[], [...still, ...moved])
}
