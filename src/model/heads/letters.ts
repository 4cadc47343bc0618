import { ModelError } from '../../errors.ts'
import { type Head, PLAIN_TEXT } from './head.ts'
import { giveScores, widened } from './layers.ts'
import { duplicateOf, logitsOf, untie } from './log-prob.ts'
import { lastToken } from './places.ts'

/** Ids of the letters by which two answers are called. */
export interface Letters {
  readonly a: number
  readonly b: number
}

/** As run.json names it, and as --head asks for it. */
export const LETTERS = 'letters'

/**
 * A causal language model that names the better of two answers by a letter (RLHFlow's pair-preference-model, Dong et al. 2024,
 * arXiv:2405.07863; RewardBench's models/slicpairpm.py): log-odds of A against B as the next token. Nothing of a checkpoint tells that it
 * was trained so: it must be asked for.
 */
export const letters = ({ a, b }: Letters): Head => ({
  name: LETTERS,
  kind: 'head',
  claims: () => false,
  open(checkpoint, spec) {
    if (!spec.causal)
      throw new ModelError(
        `is an encoder (model_type ${spec.architecture}): it has no logits of words, of which --head ${LETTERS} compares two`,
        checkpoint.dir,
      )
    const logits = untie(checkpoint, spec.logits)
    return {
      name: LETTERS,
      kind: 'head',
      labels: ['log-odds'],
      text: { ...PLAIN_TEXT, addSpecialTokens: false },
      reads: lastToken,
      compares: { kind: 'letters' },
      rowsPerOutput: 1,
      width: 0,
      ignored: duplicateOf(spec.logits, logits),
      graph(builder, x) {
        const wide = widened(builder, x)
        const of = (id: number): string => logitsOf(builder, wide, spec, logits, [id, id + 1])
        giveScores(builder, builder.graph.op('Sub', [of(a), of(b)]))
      },
    }
  },
})
