import { Budget } from '../../../python/budget.ts'
import { PythonError } from '../../../python/error.ts'
import { literalEval } from '../../../python/literal.ts'
import { pyFloat } from '../../../python/numbers.ts'
import { Slice, subscript } from '../../../python/operators.ts'
import { pyLower } from '../../../python/string-methods.ts'
import { toArray, typeName, type Value } from '../../../python/values.ts'
import { hasFunctionalGroup } from '../../toolkit/functional-groups.ts'
import type { Molecule } from '../../toolkit/molecule.ts'
import { ask, isFiniteNumber } from '../ask-oracle.ts'
import { REWARD_REASON } from '../reason.ts'
import { unreasonable } from '../reasonable.ts'
import { FAIL, failed, type Judgement, PASS, type Reward, type RewardContext } from '../reward.ts'
import { CLOSE_ENOUGH, tanimotoSimilarity } from '../similarity.ts'

/** Log units: ether0 allows 0.5, less 0.01 so that restating the start of a question that asks for 0.5 does not pass. */
const TOLERANCE = 0.5 - 0.01
/** Of the larger molecule's heavy atoms. */
const SIZE_TOLERANCE = 0.2

/** A reasonable molecule that keeps to the constraint (scaffold, groups, similarity) and has the target solubility, by the oracle. */
export const solEval: Reward = {
  name: 'sol_eval',
  title: 'Solubility under a constraint',
  judge(answer, target, context) {
    const { mols, data, oracles, note } = context
    note('full_smiles', answer)
    if (answer.includes('.')) return FAIL
    const given = mols.read(answer)
    if (given === null) return failed(REWARD_REASON.INVALID_MOL)
    const wanted = literalEval(target)
    const budget = new Budget()
    const [kind, constraint] = pair(toArray(subscript(wanted, new Slice(null, 2n, null), budget), budget))
    const solubility = pyFloat(subscript(wanted, 2n, budget))
    const checked = checkConstraint(given, kind, constraint, context)
    if (!checked.met) return failed(REWARD_REASON.FAILED_CONSTRAINT)
    const why = unreasonable(given, data, checked.reference)
    if (why !== null) return failed(why)
    const compare = (measured: number): Judgement =>
      // a NaN target passes, as in Python
      Math.abs(measured - solubility) > TOLERANCE ? failed(REWARD_REASON.WRONG_NUMERICAL_ANSWER) : PASS
    return ask(() => oracles.solubility(answer), isFiniteNumber, REWARD_REASON.INVALID_MOL, note, compare)
  },
}

function pair(items: readonly Value[]): readonly [Value, Value] {
  if (items.length < 2)
    throw new PythonError('ValueError', `not enough values to unpack (expected 2, got ${items.length})`)
  return [items[0]!, items[1]!]
}

interface Checked {
  readonly met: boolean
  /** What it has counts as reasonable. */
  readonly reference: Molecule | null
}

function checkConstraint(given: Molecule, kind: Value, constraint: Value, { mols, data }: RewardContext): Checked {
  const read = (value: Value): Molecule | null => {
    if (typeof value !== 'string')
      throw new PythonError('TypeError', `a SMILES string was expected, not ${typeName(value)}`)
    return mols.read(value)
  }
  if (kind === 'scaffold') {
    const reference = read(constraint)
    if (reference === null) throw new PythonError('NotImplementedError', 'the scaffold is invalid')
    return { met: mols.contains(given, reference), reference }
  }
  if (kind === 'groups') {
    const has = (group: Value): boolean => {
      const name = pyLower(group)
      return name !== null && hasFunctionalGroup(given, name, data.functionalGroups, mols)
    }
    return { met: toArray(constraint, new Budget()).some(has), reference: null }
  }
  if (kind === 'tanimoto') {
    const reference = read(constraint)
    return { met: tanimotoSimilarity(given, reference, SIZE_TOLERANCE) >= CLOSE_ENOUGH, reference }
  }
  throw new PythonError('ValueError', 'unknown constraint type')
}
