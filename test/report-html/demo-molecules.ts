import { ANSWER_END, ANSWER_START } from '../../src/chem/ether0/answer.ts'
import { Drawer } from '../../src/chem/toolkit/draw.ts'
import type { MoleculePort } from '../../src/report/html/input.ts'
import { demoRows } from './demo-input.ts'

/** RDKit behind the report's port. A completion task is answered by the end of a molecule: its start is the task's own fragment. */
export async function demoMolecules(): Promise<MoleculePort> {
  const drawer = await Drawer.open()
  const solutions = new Map(demoRows.map((row) => [row.id, row.solution.split('!:!')]))
  return {
    answer({ id, text }) {
      // a broken format is drawn, too: the reader sees what stands after the tag
      const [, after = ''] = text.split(ANSWER_START)
      const answer = after.split(ANSWER_END, 1).join('').trim()
      const [kind, fragment] = solutions.get(id) ?? []
      if (answer === '' || /\s/.test(answer)) return null
      return kind === 'valid_mol_eval' ? `${fragment}${answer}` : answer
    },
    draw: (smiles, options) => drawer.molecule(smiles, options),
    differingAtoms: (a, b) => drawer.differingAtoms(a, b),
  }
}
