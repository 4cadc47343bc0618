import { PythonError } from '../../python/error.ts'
import { parseSolution } from './solution.ts'

/**
 * SMILES strings that an answer may stand for, in the order in which ether0 tries them: the answer itself; where valid_mol_eval asks for the rest
 * of a molecule, the answer alone if it starts with the start that is given, then both joined.
 * @param solution of the row; null where it has none
 * @example wholeSmiles('1CC', 'valid_mol_eval!:!Oc1ccccc!:!molecule-completion') // ['Oc1ccccc1CC']
 */
export function wholeSmiles(answer: string, solution: unknown): readonly string[] {
  const start = startOf(solution)
  if (start === null) return [answer]
  return answer.startsWith(start) ? [answer, start + answer] : [start + answer]
}

/** The start of a SMILES string of which answers are the rest; null where they are whole. */
export function startOf(solution: unknown): string | null {
  if (solution === null) return null
  try {
    const { fxn_name: name, answer_info: start } = parseSolution(solution)
    return name === 'valid_mol_eval' ? start : null
  } catch (error) {
    if (error instanceof PythonError) return null
    throw error
  }
}
