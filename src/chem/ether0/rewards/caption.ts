import type { Reward } from '../reward.ts'
import { largestPart, tanimotoSimilarity } from '../similarity.ts'
import { productEval } from './product.ts'

/** As product_eval, with the Tanimoto similarity in the metadata. */
export const captionEval: Reward = {
  name: 'caption_eval',
  title: 'The molecule that the caption describes',
  judge(answer, target, context) {
    const { mols, note } = context
    note('tanimoto', tanimotoSimilarity(largestPart(answer, mols), largestPart(target, mols)))
    return productEval.judge(answer, target, context)
  },
}
