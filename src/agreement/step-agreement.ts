import type { Statistic } from '../types.ts'
import { type BootstrapSettings, DEFAULT_SETTINGS, streamOf } from './intervals.ts'
import { type KeptRow, keptShare } from './kept.ts'
import { type LabelledSteps, labelledStepStatistics } from './labelled-steps.ts'

/** A step whose claims were checked, with what a model gives it. */
export interface JudgedStep {
  readonly verdict: 'pass' | 'fail' | 'unverifiable'
  /** Its claims that were decided. */
  readonly claims: readonly { readonly kind: string; readonly outcome: 'pass' | 'fail' }[]
  /** The learned step reward; null where there is none. */
  readonly reward: number | null
}
/** The steps of one trajectory, or the candidates for one step. */
export interface JudgedSteps {
  readonly id: string
  readonly subset: string
  readonly cluster: string
  readonly steps: readonly JudgedStep[]
}

const SCOPE = 'step_verdicts'
type Label = boolean | null
const labelOf = ({ verdict }: JudgedStep): Label => (verdict === 'unverifiable' ? null : verdict === 'pass')
/** The verdict on a step's claims of one kind alone. */
const labelOfKind = ({ claims }: JudgedStep, kind: string): Label => {
  const own = claims.filter((claim) => claim.kind === kind)
  return own.length === 0 ? null : own.every(({ outcome }) => outcome === 'pass')
}

/** Statistics that need a reward which is a probability, and steps that follow each other. */
const OF_PROBABILITIES = new Set(['step_accuracy', 'first_error_found', 'no_error_seen', 'process_bench_f1'])

export interface AgreementOptions {
  /** The rewards are probabilities of being right, of steps that follow each other: accuracy at ½ and the first wrong step are told. */
  readonly probabilities: boolean
  /** Ends every statistic's name, where several rewards of a run are compared: `_world_model`. */
  readonly suffix?: string
}

/**
 * Learned step rewards beside the verdicts on the steps' claims (agreement.csv, scope `step_verdicts`): AUROC and the other statistics of
 * single steps, a step that fails being wrong; of probabilities also the accuracy at ½ and how often the first wrong step is found
 * (`labelledStepStatistics`). Unverifiable steps are in none of them. Overall, by subset, and by kind of claim (subset `claim:<kind>`,
 * where a step is right if its claims of that kind are). Intervals: prompts resampled.
 */
export function stepAgreement(
  rows: readonly JudgedSteps[],
  { probabilities, suffix = '' }: AgreementOptions,
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): Statistic[] {
  const kinds = [
    ...new Set(rows.flatMap(({ steps }) => steps.flatMap(({ claims }) => claims.map(({ kind }) => kind)))),
  ].sort()
  const overall = labelledStepStatistics(
    rows.flatMap((row) => labelled(row, labelOf, probabilities)),
    settings,
    SCOPE,
  )
  const byKind = kinds.flatMap((kind) => {
    const subset = `claim:${kind}`
    const part = rows.flatMap((row) =>
      labelled({ ...row, subset }, (step) => labelOfKind(step, kind), probabilities).filter(({ labels }) =>
        labels.some((label) => label !== null),
      ),
    )
    const found = labelledStepStatistics(part, streamOf(settings, subset, kinds.length), SCOPE)
    return found.map((one) => ({ ...one, subset })).filter(({ statistic }) => !OF_REASONINGS.has(statistic))
  })
  return [...overall, ...byKind]
    .filter(({ statistic }) => probabilities || !OF_PROBABILITIES.has(statistic))
    .map((one) => ({ ...one, statistic: `${one.statistic}${suffix}` }))
}
/** Of one kind of claim the first wrong step is not the reasoning's. */
const OF_REASONINGS = new Set(['first_error_found', 'no_error_seen', 'process_bench_f1'])

/**
 * One trajectory, its unverifiable steps left out where the place of the first wrong step counts (they cannot be known to be right). A row
 * of which some steps have no reward is one without rewards for them: each such step is a row of its own.
 */
function labelled(row: JudgedSteps, label: (step: JudgedStep) => Label, together: boolean): LabelledSteps[] {
  const { id, subset, cluster } = row
  const labels = row.steps.map(label)
  const rewards = row.steps.map(({ reward }) => reward)
  if (together) {
    const kept = row.steps.map((_, i) => i).filter((i) => labels[i] !== null)
    const known = kept.map((i) => rewards[i]!)
    return [
      {
        id,
        subset,
        cluster,
        probabilities: known.some((one) => one === null) ? null : (known as number[]),
        labels: kept.map((i) => labels[i]!),
      },
    ]
  }
  return row.steps.flatMap((_, i) =>
    labels[i] === null
      ? []
      : [{ id, subset, cluster, probabilities: rewards[i] == null ? null : [rewards[i]], labels: [labels[i]!] }],
  )
}

/** Shares of steps, for agreement.csv: of all steps those that are decided, of these those that pass. */
export function stepVerdictShares(
  rows: readonly JudgedSteps[],
  settings: BootstrapSettings = DEFAULT_SETTINGS,
): { readonly decided: ReturnType<typeof keptShare>; readonly passed: ReturnType<typeof keptShare> } {
  const share = (keep: (step: JudgedStep) => boolean | null): KeptRow[] =>
    rows.flatMap(({ subset, cluster, steps }) => steps.map((step) => ({ subset, cluster, keep: keep(step) })))
  return {
    decided: keptShare(
      share(({ verdict }) => verdict !== 'unverifiable'),
      'step_decided_rate',
      settings,
      SCOPE,
    ),
    passed: keptShare(share(labelOf), 'step_pass_rate', settings, SCOPE),
  }
}
