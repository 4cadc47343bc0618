import { normalizeIupac } from '../names.ts'
import { FAIL, PASS, type Reward } from '../reward.ts'

/** Equal after normalisation of IUPAC names, whatever the case. */
export const strEval: Reward = {
  name: 'str_eval',
  title: 'Same text',
  judge(answer, target, { note }) {
    note('full_smiles', answer)
    return normalizeIupac(answer) === normalizeIupac(target) ? PASS : FAIL
  },
}
