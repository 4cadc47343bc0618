import { ModelError } from '../../errors.ts'
import { BOTH_BOS, type Head } from './head.ts'
import { widened } from './layers.ts'
import { duplicateOf, logitsOf, untie } from './log-prob.ts'
import { giveStepScores, noSteps, STEP_LABELS } from './process-head.ts'

/** Its name, as run.json has it. */
export const STEP_TOKENS = 'step-tokens'

/** The token that marks a step, and the two whose logits are compared there. */
export interface StepTokens {
  readonly mark: string
  readonly markId: number
  readonly rightId: number
  readonly wrongId: number
}

/**
 * A causal language model as a process reward model (Math-Shepherd, Wang et al. 2023, arXiv:2312.08935): of the two tokens for right and
 * wrong, the probability of the first, read at every mark. Nothing of a checkpoint tells that it was trained so: it must be asked for.
 */
export const stepTokens = ({ mark, markId, rightId, wrongId }: StepTokens): Head => ({
  name: STEP_TOKENS,
  kind: 'head',
  claims: () => false,
  open(checkpoint, spec) {
    if (!spec.causal)
      throw new ModelError(
        `is an encoder (model_type ${spec.architecture}): it has no logits of words, which --step-tokens compares`,
        checkpoint.dir,
      )
    const logits = untie(checkpoint, spec.logits)
    return {
      name: STEP_TOKENS,
      kind: 'head',
      labels: STEP_LABELS,
      text: BOTH_BOS,
      reads(ids) {
        const places = Int32Array.from(ids.keys()).filter((place) => ids[place] === markId)
        return places.length === 0 ? noSteps(`${JSON.stringify(mark)} (see --step-separator)`) : places
      },
      // Math-Shepherd's texts: "Step 1: … ки\nStep 2: … ки"
      steps: { mark: ` ${mark}\n`, separator: null },
      rowsPerOutput: 1,
      width: 0,
      ignored: duplicateOf(spec.logits, logits),
      graph(builder, x) {
        const wide = widened(builder, x)
        const of = (id: number): string => logitsOf(builder, wide, spec, logits, [id, id + 1])
        giveStepScores(builder, builder.graph.op('Concat', [of(wrongId), of(rightId)], { axis: 1 }))
      },
    }
  },
})
