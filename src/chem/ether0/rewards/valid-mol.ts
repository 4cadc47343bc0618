import { PythonError } from '../../../python/error.ts'
import type { Molecule, MolToolkit } from '../../toolkit/molecule.ts'
import { REWARD_REASON } from '../reason.ts'
import { unreasonable } from '../reasonable.ts'
import { failed, PASS, type Reward } from '../reward.ts'

/** Completes the target's fragment of a SMILES string to a reasonable molecule: the answer alone if it starts with it, else both joined. */
export const validMolEval: Reward = {
  name: 'valid_mol_eval',
  title: 'Completes to a reasonable molecule',
  judge(answer, target, { mols, data, note }) {
    if (answer === '') return failed(REWARD_REASON.INVALID_MOL)
    for (const smiles of [answer, target + answer]) {
      if (!smiles.startsWith(target)) continue
      const molecule = readOrNull(smiles, mols)
      if (molecule === null) continue
      note('full_smiles', smiles)
      const why = unreasonable(molecule, data)
      return why === null ? PASS : failed(why)
    }
    return failed(REWARD_REASON.INVALID_MOL)
  },
}

/** ether0 catches what reading raises here, and only here. */
function readOrNull(smiles: string, mols: MolToolkit): Molecule | null {
  try {
    return mols.read(smiles)
  } catch (error) {
    if (error instanceof PythonError) return null
    throw error
  }
}
