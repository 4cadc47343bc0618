import type { Prng } from '../../prng.ts'
import { type Editable, isSaturated, pick, shuffled } from './edit.ts'

/** A salt with one counter-ion that can be left out. */
export interface Salt {
  readonly whole: string
  readonly without: string
  readonly ion: string
}

const CATIONS = ['[Na+]', '[K+]', '[Li+]'] as const
const ANIONS = ['[Cl-]', '[Br-]'] as const
/** Most heavy atoms of what counts as a counter-ion. */
const SMALL = 5

/** The salt that a molecule of several parts is; or those that an acid or an amine makes with a simple ion. */
export function* saltOf(molecule: Editable, random: Prng): Iterable<Salt> {
  const { graph, spelling } = molecule
  const { smiles } = molecule.molecule
  if (graph.components > 1) {
    const parts = smiles.split('.')
    for (const ion of shuffled(parts, random)) {
      const rest = parts.filter((part) => part !== ion)
      if (heavyCount(ion) <= SMALL && /[+-]/.test(ion) && rest.length > 0)
        yield { whole: smiles, without: rest.join('.'), ion }
    }
    return
  }
  if (graph.atoms.some(({ charge }) => charge !== 0)) return
  const places = spelling.atoms.flatMap((_, atom) => {
    const charged = ionised(molecule, atom)
    return charged === null ? [] : [{ atom, ...charged }]
  })
  for (const { atom, text, ions } of shuffled(places, random)) {
    const copy = spelling.copy()
    copy.atoms[atom]!.text = text
    const without = copy.write()
    const ion = pick(ions, random)
    yield { whole: `${without}.${ion}`, without, ion }
  }
}

const heavyCount = (smiles: string): number => smiles.match(/\[[^\]]*\]|Br|Cl|[BCNOPSFI]|[bcnops]/g)?.length ?? 0

/** An acid's OH without its proton, or an aliphatic amine with one more. */
function ionised(molecule: Editable, atom: number): { readonly text: string; readonly ions: readonly string[] } | null {
  const { graph, spelling } = molecule
  const { z, hydrogens, neighbours } = graph.atoms[atom]!
  if (spelling.atoms[atom]!.text === 'O' && hydrogens === 1 && neighbours.length === 1) {
    const carbon = neighbours[0]!.atom
    const acid = graph.atoms[carbon]!.neighbours.some(
      ({ atom: other, bond }) => graph.atoms[other]!.z === 8 && graph.bonds[bond]!.type === 2,
    )
    return acid && graph.atoms[carbon]!.z === 6 ? { text: '[O-]', ions: CATIONS } : null
  }
  if (z !== 7 || spelling.atoms[atom]!.text !== 'N' || !isSaturated(molecule, atom)) return null
  const alkyl = neighbours.every(({ atom: other }) => graph.atoms[other]!.z === 6 && isSaturated(molecule, other))
  if (!alkyl || neighbours.length === 0) return null
  const h = hydrogens + 1
  return { text: `[NH${h === 1 ? '' : h}+]`, ions: ANIONS }
}
