import { REWARD_REASON } from '../reason.ts'
import { unreasonable } from '../reasonable.ts'
import { BAD_TARGET, FAIL, failed, graded, PASS, type Reward } from '../reward.ts'
import { CLOSE_ENOUGH, tanimotoSimilarity } from '../similarity.ts'

/** The target's formula in a reasonable molecule that is close to it; soft: half for the formula alone. */
export const formulaEval: Reward = {
  name: 'formula_eval',
  title: 'Same formula, close structure',
  judge(answer, target, { mols, data, soft, note }) {
    note('full_smiles', answer)
    const given = mols.read(answer)
    const wanted = mols.read(target)
    if (given === null) return failed(REWARD_REASON.INVALID_MOL)
    if (wanted === null) return BAD_TARGET
    if (given.formula !== wanted.formula) return failed(REWARD_REASON.WRONG_FORMULA)
    const why = unreasonable(given, data, wanted)
    if (why !== null) return failed(why)
    if (tanimotoSimilarity(given, wanted) >= CLOSE_ENOUGH) return PASS
    return soft ? graded(0.5) : FAIL
  },
}
