import { kendallTauB } from '../stats/kendall.ts'
import { signAgreement } from './advantages.ts'
import { type BySource, type GroupAdvantages, type NoSignal, REWARD_SOURCES, type RewardSource } from './grpo.ts'

/** The sources that are held against the verifier. */
export const COMPARED = ['learned', 'mix'] as const
export type Compared = (typeof COMPARED)[number]

/** What a group adds to the sums of one source. */
export interface SourceSums {
  /** 1 where the group has a reward at all. */
  groups: number
  /** 1 where no advantage differs from 0, and the same by the reason. */
  zero: number
  zeroBy: Record<Exclude<NoSignal, 'missing'>, number>
  /** Completions with the reward, and Σ |A| over them. */
  completions: number
  absolute: number
}

/** What a group adds to the sums of a source beside the verifier; completions count where they have both advantages. */
export interface ComparedSums {
  both: number
  /** Both advantages differ from 0; and have the same sign. */
  decided: number
  same: number
  /** 1 and τ-b where it is defined in the group; 1 where at least two completions have both advantages. */
  ranked: number
  tau: number
  rankable: number
  /** Σ x, y, xx, yy, xy; x = the verifier's advantage, y = the other. */
  moments: [x: number, y: number, xx: number, yy: number, xy: number]
  /** Completions that the verifier fails (passes), and the advantage of which is above (below) 0. */
  failing: Push
  passing: Push
  /** Completions with an advantage below (above) 0 by the verifier, and above (below) 0 by the other. */
  rejected: Push
  favoured: Push
  /** Completions that are verified and have an advantage above 0, Σ of it, and what of it is on failing ones. */
  raised: number
  raise: number
  raiseOfFailing: number
}
interface Push {
  of: number
  pushed: number
  /** Those without the other advantage. */
  missing: number
}

/** Everything that the statistics of a group's advantages are made of: sums, so that a resample of prompts is a weighted sum of them. */
export interface AdvantageSums {
  readonly subset: string
  readonly cluster: string
  readonly size: number
  readonly sources: BySource<SourceSums>
  readonly compared: Readonly<Record<Compared, ComparedSums>>
}

export function advantageSums({ group, of }: GroupAdvantages): AdvantageSums {
  const sources = Object.fromEntries(REWARD_SOURCES.map((source) => [source, sourceSums(of[source])]))
  const compared = Object.fromEntries(COMPARED.map((source) => [source, comparedSums(group, of, source)]))
  const { subset, cluster, completions } = group
  return {
    subset,
    cluster,
    size: completions.length,
    sources: sources as BySource<SourceSums>,
    compared: compared as Record<Compared, ComparedSums>,
  }
}

function sourceSums({ rewards, advantages, noSignal }: GroupAdvantages['of'][RewardSource]): SourceSums {
  const is = (reason: NoSignal): number => Number(noSignal === reason)
  return {
    groups: Number(noSignal !== 'missing'),
    zero: Number(noSignal !== null && noSignal !== 'missing'),
    zeroBy: {
      too_few: is('too_few'),
      all_right: is('all_right'),
      all_wrong: is('all_wrong'),
      constant: is('constant'),
    },
    completions: rewards.filter((reward) => reward !== null).length,
    absolute: advantages.reduce((sum, a) => sum + Math.abs(a), 0),
  }
}

function comparedSums(
  { completions }: GroupAdvantages['group'],
  of: GroupAdvantages['of'],
  source: Compared,
): ComparedSums {
  const [x, y] = [of.verifier, of[source]]
  const has = (i: number): boolean => y.rewards[i] !== null
  const all = completions.map((_, i) => i)
  const both = all.filter((i) => x.rewards[i] !== null && has(i))
  const tau = kendallTauB(
    both.map((i) => x.advantages[i]!),
    both.map((i) => y.advantages[i]!),
  )
  const push = (rows: readonly number[], pushed: (advantage: number) => boolean): Push => {
    const there = rows.filter(has)
    return {
      of: there.length,
      pushed: there.filter((i) => pushed(y.advantages[i]!)).length,
      missing: rows.length - there.length,
    }
  }
  const failing = all.filter((i) => completions[i]!.verifiableStatus === 'fail')
  const verified = all.filter((i) => completions[i]!.verifiableStatus !== 'unverifiable')
  const raised = verified.filter((i) => y.advantages[i]! > 0)
  const total = (rows: readonly number[], value: (i: number) => number): number =>
    rows.reduce((sum, i) => sum + value(i), 0)
  const up = (advantage: number): boolean => advantage > 0
  const down = (advantage: number): boolean => advantage < 0
  return {
    both: both.length,
    ...signAgreement(x.advantages, y.advantages, both),
    ranked: Number(tau !== null),
    tau: tau ?? 0,
    rankable: Number(both.length > 1),
    moments: [
      total(both, (i) => x.advantages[i]!),
      total(both, (i) => y.advantages[i]!),
      total(both, (i) => x.advantages[i]! ** 2),
      total(both, (i) => y.advantages[i]! ** 2),
      total(both, (i) => x.advantages[i]! * y.advantages[i]!),
    ],
    failing: push(failing, up),
    passing: push(
      all.filter((i) => completions[i]!.verifiableStatus === 'pass'),
      down,
    ),
    rejected: push(
      all.filter((i) => x.advantages[i]! < 0),
      up,
    ),
    favoured: push(
      all.filter((i) => x.advantages[i]! > 0),
      down,
    ),
    raised: raised.length,
    raise: total(raised, (i) => y.advantages[i]!),
    raiseOfFailing: total(
      raised.filter((i) => completions[i]!.verifiableStatus === 'fail'),
      (i) => y.advantages[i]!,
    ),
  }
}
