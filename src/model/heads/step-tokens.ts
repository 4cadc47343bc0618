import { ModelError } from '../../errors.ts'
import type { StepRule } from '../../types.ts'
import { BOTH_BOS, type Head, type OpenHead } from './head.ts'
import { widened } from './layers.ts'
import { duplicateOf, logitsOf, untie } from './log-prob.ts'
import { giveStepScores, noSteps, STEP_LABELS } from './process-head.ts'

/** Its name, as run.json has it. */
export const STEP_TOKENS = 'step-tokens'

/** The two tokens whose logits are compared, and where: at a token that marks a step, or in front of the answer to each step. */
export type StepTokens = { readonly rightId: number; readonly wrongId: number } & (
  | { readonly mark: string; readonly markId: number }
  | { readonly mark: null; readonly turns: NonNullable<StepRule['turns']> }
)

/**
 * A causal language model as a process reward model (Math-Shepherd, Wang et al. 2023, arXiv:2312.08935): of the two tokens for right and
 * wrong, the probability of the first, read at every mark. Nothing of a checkpoint tells that it was trained so: it must be asked for.
 * RLHFlow's (math-rm/prm_evaluate.py) see each step as a user's turn, "\n\n" between steps, and are read where the assistant's "+" is
 * predicted; their blank steps are turns, too, and here none.
 */
export const stepTokens = (asked: StepTokens): Head => ({
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
    const { rightId, wrongId } = asked
    return {
      name: STEP_TOKENS,
      kind: 'head',
      labels: STEP_LABELS,
      ...(asked.mark === null ? turned(asked.turns) : marked(asked)),
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

type Reading = Pick<OpenHead, 'text' | 'reads' | 'steps'>

const marked = ({ mark, markId }: Extract<StepTokens, { mark: string }>): Reading => ({
  text: BOTH_BOS,
  reads(ids) {
    const places = Int32Array.from(ids.keys()).filter((place) => ids[place] === markId)
    return places.length === 0 ? noSteps(`${JSON.stringify(mark)} (see --step-separator)`) : places
  },
  // Math-Shepherd's texts: "Step 1: … ки\nStep 2: … ки"
  steps: { mark: ` ${mark}\n`, separator: null },
})

/** The text is the template's alone, as apply_chat_template makes it; text/turns.ts finds the places. */
const turned = (turns: NonNullable<StepRule['turns']>): Reading => ({
  text: { ...BOTH_BOS, addSpecialTokens: false },
  reads: () => noSteps('step that is not blank'),
  steps: { mark: '', separator: '\n\n', turns },
})
