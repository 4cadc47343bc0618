import type { Molecule } from '../toolkit/molecule.ts'

/** What the embedded oracles ask of RDKit: the part of `MolToolkit` that they use. Null where RDKit cannot read the string. */
export interface Canonicalizer {
  read(smiles: string): Pick<Molecule, 'flat' | 'kekule'> | null
}
