import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from '../cli/effects/shown.ts'

/** Molecules on which every kind of pair can be made. */
const MOLECULES = [
  'CC(N)C(=O)Nc1ccc(F)cc1',
  'COC(=O)c1ccc(OCC(C)O)cc1Cl',
  'C[C@H](O)CCc1ccc(Br)cc1Cl',
  'OC(=O)CCc1ccccc1OC',
  'CCN(CC)CCOC(=O)c1ccc(N)cc1',
  'C=CCCc1ccc(C#N)cc1',
  'CC(=O)CCC(=O)OCC',
  'Oc1ccc(CCO)cc1F',
  'N[C@@H](Cc1ccccc1)C(=O)O',
  'CC(C)CC1CCC(O)CC1',
  'Brc1ccc2ncccc2c1',
  'COc1ccccc1CCNC(C)=O',
  'CCOC(=O)C1CCCN1C',
  'Clc1ccc(I)cc1C(F)(F)F',
  'CC(C)(O)CCc1ccco1',
  'O=C(O)c1ccc(S(N)(=O)=O)cc1',
  'CCCCOC(=O)CCCl',
  'CC1CO1',
  'Nc1ccc(CO)cc1C',
  'CSCC[C@H](N)C(=O)OC',
]
export const SMILES_LINES = MOLECULES

/** A file of them. */
export function moleculeFile(lines: readonly string[] = MOLECULES, name = 'molecules.smi'): string {
  const path = join(newFolder(), name)
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  return path
}
export const outputFile = (): string => join(newFolder(), 'pairs.jsonl')
