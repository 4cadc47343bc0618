import { Drawer } from '../../src/chem/toolkit/draw.ts'
import type { MoleculePort } from '../../src/report/html/input.ts'

/** RDKit behind the report's port. */
export async function demoMolecules(): Promise<MoleculePort> {
  const drawer = await Drawer.open()
  return {
    draw: (smiles, options) => drawer.molecule(smiles, options),
    differingAtoms: (a, b) => drawer.differingAtoms(a, b),
  }
}
