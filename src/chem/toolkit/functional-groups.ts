import { DataError } from '../../errors.ts'
import type { Molecule, MolToolkit } from './molecule.ts'

/** Patterns that match too often are left out, as exmol leaves them (`_load_smarts(rank_cutoff=500)`). */
const RANK_CUTOFF = 500

/** exmol's functional groups: name as `get_functional_groups` gives it → SMARTS. */
export type FunctionalGroups = ReadonlyMap<string, string>

/** exmol's smarts.txt: `Name: rank: SMARTS` a line, `#` comments; a name given twice has its last pattern. */
export function parseFunctionalGroups(text: string, where: string): FunctionalGroups {
  const groups = new Map<string, string>()
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line === '' || line.startsWith('#')) continue
    const match = /^([^:]+):\s*(\d+)\s*:(.*)$/.exec(line)
    if (match === null) throw new DataError('expected "name: rank: SMARTS"', `${where}:${i + 1}`)
    const [, name = '', rank = '', smarts = ''] = match
    if (Number(rank) > RANK_CUTOFF) continue
    groups.set(name.charAt(0).toLowerCase() + name.slice(1).replaceAll('_', ' '), smarts.trim())
  }
  return groups
}

/** exmol's `get_functional_groups(mol, return_all=True)`, sorted. */
export const functionalGroupsOf = (molecule: Molecule, groups: FunctionalGroups, mols: MolToolkit): string[] =>
  [...groups]
    .filter(([, smarts]) => mols.matches(molecule, smarts))
    .map(([name]) => name)
    .sort()

/** Does the molecule have the group of this lower-case name? Asks for that pattern alone; a name that exmol lacks is in no molecule. */
export function hasFunctionalGroup(
  molecule: Molecule,
  name: string,
  groups: FunctionalGroups,
  mols: MolToolkit,
): boolean {
  return (lowered(groups).get(name) ?? []).some((smarts) => mols.matches(molecule, smarts))
}

const byLowerCase = new WeakMap<FunctionalGroups, Map<string, string[]>>()
function lowered(groups: FunctionalGroups): Map<string, string[]> {
  let index = byLowerCase.get(groups)
  if (index === undefined) {
    index = new Map()
    for (const [name, smarts] of groups)
      index.set(name.toLowerCase(), [...(index.get(name.toLowerCase()) ?? []), smarts])
    byLowerCase.set(groups, index)
  }
  return index
}
