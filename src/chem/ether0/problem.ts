import { PythonError } from '../../python/error.ts'

/** ether0's short names of its problem categories, as its paper's figures use them. */
export const PROBLEM_CATEGORY_TO_NICKNAME: Readonly<Record<string, string>> = {
  'functional-group': 'functional group',
  'molecule-caption': 'molecule caption',
  'molecule-completion': 'SMILES completion',
  'molecule-formula': 'elucidation',
  'molecule-name': 'IUPAC name',
  'oracle-solubility': 'solubility edit',
  property: 'multiple choice',
  'property-cat-brain': 'BBB permeability',
  'property-cat-eve': 'Human receptor binding',
  'property-cat-safety': 'safety',
  'property-cat-smell': 'scent',
  'property-regression-pka': 'pKa',
  'property-regression-ld50': 'LD50',
  'property-regression-adme': 'ADME',
  'reaction-prediction': 'reaction prediction',
  'retro-synthesis': 'retrosynthesis',
  'simple-formula': 'molecular formula',
  'property-regression-adme/log_hlm_clint': 'log of HLM CL$_{\\text{int}}$',
  'property-regression-adme/log_mdr1-mdck_er': 'log of MDR1-MDCK ER',
  'property-regression-adme/log_rlm_clint': 'log of RLM CL$_{\\text{int}}$',
  'property-regression-adme/log_solubility': 'log of aqueous solubility',
}

/** `property-cat-safety/ghs` → `property-cat-safety`. */
export const getProblemCategory = (problemType: string | null): string => (problemType ?? '').split('/', 1)[0]!

/** `problem_type`, else `type`; raises KeyError as ether0 does where a row has neither. */
export function getProblemType(row: Readonly<Record<string, string | null | undefined>>): string | null {
  if (row.problem_type !== undefined && row.problem_type !== null && row.problem_type !== '') return row.problem_type
  if (row.type === undefined) throw new PythonError('KeyError', "'type'")
  return row.type
}
