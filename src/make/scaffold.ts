import type { MolGraph } from '../chem/toolkit/graph.ts'
import type { Molecule } from '../chem/toolkit/molecule.ts'
import type { Toolkit } from '../chem/toolkit/toolkit.ts'
import { Spelling } from './edits/spelling.ts'

/**
 * Bemis–Murcko scaffold, canonical: rings, what links them, and atoms on either by a double bond (Bemis & Murcko, J. Med. Chem. 39, 2887,
 * 1996, as RDKit's MurckoScaffold has it); '' without a ring. Stereo marks are left out: scaffolds that differ in them alone are one. Null
 * where the molecule cannot be cut (hydrogens that are atoms, dative bonds).
 */
export function murckoScaffold(molecule: Molecule, mols: Toolkit): string | null {
  const flat = mols.read(molecule.flat)
  if (flat === null) return null
  const { graph } = flat
  if (!graph.atoms.some(({ inRing }) => inRing)) return ''
  const spelling = Spelling.of(flat.smiles, graph)
  if (spelling === null) return null
  const left = outside(graph)
  // from the leaves: an atom is taken off when nothing kept stands behind it
  const copy = spelling.copy()
  for (let atom = graph.atoms.length - 1; atom >= 0; atom--) {
    if (!left.has(atom)) continue
    const children = copy.children(atom)
    const { parent } = copy.atoms[atom]!
    copy.detach(atom)
    // what stands behind it in the string but is kept begins a piece of its own
    for (const child of children) copy.detach(child)
    if (parent >= 0 && !left.has(parent)) refill(copy, parent)
    for (const child of children) if (!left.has(child)) refill(copy, child)
  }
  return mols.read(copy.write(left))?.canonical ?? null
}

/** An atom in brackets, or an aromatic nitrogen, that lost a neighbour has a hydrogen instead; the others fill up by themselves. */
function refill(copy: Spelling, atom: number): void {
  const { text } = copy.atoms[atom]!
  if (text === 'n') copy.atoms[atom]!.text = '[nH]'
  const match = /^\[(\d*[A-Za-z][a-z]?)(H(\d*))?([+-]\d*)?\]$/.exec(text)
  if (match === null) return
  const [, symbol = '', h, n = '', charge = ''] = match
  const hydrogens = h === undefined ? 1 : (n === '' ? 1 : Number(n)) + 1
  copy.atoms[atom]!.text = `[${symbol}H${hydrogens === 1 ? '' : hydrogens}${charge}]`
}

/** Atoms that are in no ring, no link between rings, and not bound to either by a double bond. */
function outside(graph: MolGraph): Set<number> {
  const degree = graph.atoms.map(({ neighbours }) => neighbours.length)
  const left = new Set<number>()
  const leaves = degree.flatMap((d, atom) => (d <= 1 && !graph.atoms[atom]!.inRing ? [atom] : []))
  for (let atom = leaves.pop(); atom !== undefined; atom = leaves.pop()) {
    if (left.has(atom)) continue
    left.add(atom)
    for (const { atom: other } of graph.atoms[atom]!.neighbours) {
      degree[other]!--
      if (!left.has(other) && !graph.atoms[other]!.inRing && degree[other]! <= 1) leaves.push(other)
    }
  }
  const multiple = [...left].filter((atom) =>
    graph.atoms[atom]!.neighbours.some(
      ({ atom: other, bond }) => !left.has(other) && graph.bonds[bond]!.type !== 1 && graph.bonds[bond]!.type !== 17,
    ),
  )
  for (const atom of multiple) left.delete(atom)
  return left
}
