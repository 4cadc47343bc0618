import { ModelError } from '../../errors.ts'
import { firstArchitecture } from '../config.ts'
import { linear } from '../ops.ts'
import { BOTH_BOS, CAUSAL_HEAD_UNREAD, type Head, type Reads } from './head.ts'
import { giveScores, layerOf, onlyOne, widened } from './layers.ts'
import { beforeFirst, lastToken } from './places.ts'

/**
 * How Starling's two classes (rewardbench/models/starling.py) read, by `architectures`. The 34B's reads before the first id 0, which is
 * written into it. The 7B's looks for the first id of tokenizer("<unk>"), which is the BOS that stands first: index −1, the last token.
 * (In a padded batch of RewardBench that is a pad's place, so numbers published for the 7B depend on their batches.)
 */
const RULES: Readonly<Record<string, Reads>> = {
  GPTRewardModel: lastToken,
  LlamaForSequenceClassification: (ids) => Int32Array.of(beforeFirst(ids, 0)),
}

/** Starling-RM (Zhu et al. 2023): score = w h, the model below `transformer.`. */
export const starling: Head = {
  name: 'starling',
  kind: 'head',
  claims: ({ tensors }) => tensors.has('v_head.weight') && tensors.has('transformer.norm.weight'),
  open(checkpoint, { hidden }) {
    const said = firstArchitecture(checkpoint)
    const reads = said === null ? undefined : RULES[said]
    if (reads === undefined)
      throw new ModelError(
        `has a value head below "transformer." (tensor "v_head.weight"), and config.json says ${said ?? 'no architecture'}: which token it reads is not known`,
        checkpoint.dir,
        `Known: ${Object.keys(RULES).join(' (7B), ')} (34B).`,
      )
    const head = layerOf(checkpoint, 'v_head', hidden)
    onlyOne(checkpoint, head)
    return {
      name: 'starling',
      kind: 'head',
      labels: ['reward'],
      text: BOTH_BOS,
      reads,
      rowsPerOutput: 1,
      width: 0,
      ignored: [
        CAUSAL_HEAD_UNREAD,
        { pattern: /^model\.model\./, reason: 'the model a second time, as the 7B was saved' },
      ],
      graph: (builder, x) => giveScores(builder, linear(builder, widened(builder, x), head, 'float')),
    }
  },
}
