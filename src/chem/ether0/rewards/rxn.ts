import { normalizeIupac, normalizeUnicodes } from '../names.ts'
import { FAIL, PASS, type Reward } from '../reward.ts'

/** Equal names of a reaction; if not at once, then without dashes and punctuation. */
export const rxnEval: Reward = {
  name: 'rxn_eval',
  title: 'Same reaction name',
  judge(answer, target) {
    const given = normalizeIupac(answer)
    const wanted = normalizeIupac(target)
    return given === wanted || normalizeUnicodes(given) === normalizeUnicodes(wanted) ? PASS : FAIL
  },
}
