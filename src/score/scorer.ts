import type { LogProbMeasurement, Measurement } from '../types.ts'
import { implicitReward, type RefFreeType, referenceFreeReward } from './dpo.ts'
import { type HeadChoice, headReward } from './head.ts'

/** The whole difference between the bins: a pure function from a completion's measurements to its reward, and its own columns. */
export interface Scorer {
  /** One line for the screen and the manifest: what the number is. */
  readonly formula: string
  /** Columns that it adds to scores.csv. */
  readonly columns: readonly string[]
  /** Whether a measurement is a list of steps. Default false. */
  readonly perStep?: boolean
  /** Of a model that compares two answers, the score at which it prefers neither. Default: a score is of one text. */
  readonly even?: number
  /** `measurements` in the order of the models; null where there is none. */
  score(measurements: readonly (Measurement | null)[]): Scored
}
export interface Scored {
  readonly score: number | null
  /** Why the score is null though everything was measured; else null. */
  readonly reason: string | null
  readonly own: readonly (number | string | null)[]
}

/**
 * A reward model: one label's raw output, its softmax probability, or every label and no reward.
 * @param raw names of the head's further outputs, where they are kept
 */
export function rewardModelScorer(choice: HeadChoice, labels: readonly string[], raw: readonly string[] = []): Scorer {
  const many = labels.length > 1
  const columns = [...(many ? labels.map((_, i) => `head_${i}`) : []), ...raw.map((name) => `head_${name}`)]
  const what = { label: 'raw output', softmax: 'softmax probability', all: 'raw outputs' }[choice.kind]
  return {
    formula:
      choice.kind === 'all'
        ? `every label's raw output (${labels.join(', ')})`
        : `${what} of label ${choice.index} (${labels[choice.index]})`,
    columns,
    score([measurement]) {
      if (measurement?.kind !== 'head') return { score: null, reason: null, own: columns.map(() => null) }
      const score = headReward(measurement.values, choice)
      const own = [...(many ? measurement.values : []), ...raw.map((_, i) => measurement.raw?.[i] ?? null)]
      return { score, reason: score === null ? 'head_all' : null, own }
    },
  }
}

export const DPO_COLUMNS = [
  'policy_logprob',
  'reference_logprob',
  'logratio',
  'implicit_reward',
  'policy_mean_logprob',
  'reference_mean_logprob',
  'mean_logratio',
  'policy_norm',
  'policy_tokens',
  'reference_tokens',
] as const

/** A policy and its reference (implicit reward), or a policy alone (reference-free). Every variant is a column. */
export function dpoScorer(options: {
  readonly beta: number
  readonly refFreeType: RefFreeType
  readonly reference: boolean
}): Scorer {
  const { beta, refFreeType, reference } = options
  return {
    formula: reference
      ? `implicit reward, ${beta} × (Σ log π_policy − Σ log π_reference), nats over the completion's tokens`
      : `reference-free (${refFreeType}) log-probability of the policy, nats`,
    columns: DPO_COLUMNS,
    score([policy, frozen]) {
      const p = logProb(policy)
      const r = logProb(frozen)
      const logratio = p !== null && r !== null ? p.sum - r.sum : null
      const implicit = p !== null && r !== null ? implicitReward(p.sum, r.sum, beta) : null
      const [pMean, rMean] = [mean(p), mean(r)]
      const norm = p === null ? null : referenceFreeReward(p, 'norm')
      return {
        score: reference ? implicit : p === null ? null : referenceFreeReward(p, refFreeType),
        reason: null,
        own: [
          p?.sum ?? null,
          r?.sum ?? null,
          logratio,
          implicit,
          pMean,
          rMean,
          pMean !== null && rMean !== null ? pMean - rMean : null,
          norm,
          p?.tokens ?? null,
          r?.tokens ?? null,
        ],
      }
    },
  }
}

const logProb = (m: Measurement | null | undefined): LogProbMeasurement | null => (m?.kind === 'logProb' ? m : null)
const mean = (m: LogProbMeasurement | null): number | null => (m === null ? null : m.sum / m.tokens)
