import type { Reward } from '../reward.ts'
import { captionEval } from './caption.ts'
import { formulaEval } from './formula.ts'
import { functionalGroupEval } from './functional-group.ts'
import { productEval } from './product.ts'
import { rxnEval } from './rxn.ts'
import { rxnForward } from './rxn-forward.ts'
import { shouldAnswerEval } from './should-answer.ts'
import { shouldNotAnswerEval } from './should-not-answer.ts'
import { solEval } from './sol.ts'
import { strEval } from './str.ts'
import { validMolEval } from './valid-mol.ts'

/** ether0's EVAL_FUNCTIONS. */
export const REWARDS: ReadonlyMap<string, Reward> = new Map([
  ['str_eval', strEval],
  ['valid_mol_eval', validMolEval],
  ['caption_eval', captionEval],
  ['product_eval', productEval],
  ['rxn_eval', rxnEval],
  ['formula_eval', formulaEval],
  ['functional_group_eval', functionalGroupEval],
  ['sol_eval', solEval],
  ['rxn_forward', rxnForward],
  ['should_not_answer_eval', shouldNotAnswerEval],
  ['should_answer_eval', shouldAnswerEval],
])
