import { linear } from '../archs/names.ts'
import type { Checkpoint } from '../checkpoint.ts'
import { denseHead, isOf } from './dense.ts'

/**
 * BERT's and ALBERT's: logits = classifier(tanh(pooler(h))) of the first token. The pooler belongs to the body there and has its prefix.
 * transformers: models/bert, BertPooler; models/albert, AlbertModel.
 */
export const bertPooler = denseHead(
  'bert-pooler',
  (checkpoint) => isOf(['bert', 'albert'], 'classifier.weight')(checkpoint) && poolerOf(checkpoint) !== null,
  (checkpoint, { hidden }) => ({
    dense: linear(poolerOf(checkpoint)!, hidden, hidden, true),
    act: 'tanh',
    norm: null,
    last: 'classifier',
    reads: 'first',
  }),
)

const POOLER = /^(bert\.pooler\.dense|albert\.pooler)\.weight$/
function poolerOf({ tensors }: Checkpoint): string | null {
  const name = [...tensors.keys()].find((key) => POOLER.test(key))
  return name?.slice(0, -'.weight'.length) ?? null
}
