import { REWARD_REASON } from '../reason.ts'
import { BAD_TARGET, FAIL, failed, graded, PASS, type Reward } from '../reward.ts'
import { largestPart, sameMolecule, tanimotoSimilarity } from '../similarity.ts'

/** The largest part is the target's, stereo included; soft: their Tanimoto similarity. */
export const productEval: Reward = {
  name: 'product_eval',
  title: 'Same molecule',
  judge(answer, target, { mols, soft, note }) {
    const given = largestPart(answer, mols)
    const wanted = largestPart(target, mols)
    if (given === null) return failed(REWARD_REASON.INVALID_MOL)
    if (wanted === null) return BAD_TARGET
    note('full_smiles', given.canonical)
    if (soft) return graded(tanimotoSimilarity(given, wanted))
    return sameMolecule(given, wanted) ? PASS : FAIL
  },
}
