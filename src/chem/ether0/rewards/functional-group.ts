import { Budget } from '../../../python/budget.ts'
import { literalEval } from '../../../python/literal.ts'
import { subscript } from '../../../python/operators.ts'
import { pyLower } from '../../../python/string-methods.ts'
import { toArray } from '../../../python/values.ts'
import { hasFunctionalGroup } from '../../toolkit/functional-groups.ts'
import { REWARD_REASON } from '../reason.ts'
import { unreasonable } from '../reasonable.ts'
import { FAIL, failed, graded, PASS, type Reward } from '../reward.ts'

/** A reasonable molecule of the given formula with all the given functional groups; soft: half without them. */
export const functionalGroupEval: Reward = {
  name: 'functional_group_eval',
  title: 'Formula and functional groups',
  judge(answer, target, { mols, data, soft, note }) {
    note('full_smiles', answer)
    const given = mols.read(answer)
    if (given === null) return failed(REWARD_REASON.INVALID_MOL)
    const wanted = literalEval(target)
    const budget = new Budget()
    const formula = subscript(wanted, 0n, budget)
    const groups = toArray(subscript(wanted, 1n, budget), budget).map(pyLower)
    if (formula !== given.formula) return failed(REWARD_REASON.WRONG_FORMULA)
    const why = unreasonable(given, data)
    if (why !== null) return failed(why)
    // only the patterns that are asked for are matched
    const all = groups.every((group) => group !== null && hasFunctionalGroup(given, group, data.functionalGroups, mols))
    return all ? PASS : soft ? graded(0.5) : FAIL
  },
}
