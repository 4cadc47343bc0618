import type { Prng } from '../../prng.ts'
import { atomName, type Edit, type Editable, shuffled } from './edit.ts'

/** One stereocentre inverted; double bonds stay. */
export function* invertCentre(molecule: Editable, random: Prng): Iterable<Edit> {
  const { graph, spelling, mols } = molecule
  const centres = spelling.atoms.flatMap(({ text }, i) => (/@/.test(text) && graph.atoms[i]!.stereo ? [i] : []))
  if (centres.length === 0) return
  const before = mols.stereocentres(molecule.molecule)
  for (const centre of shuffled(centres, random)) {
    const copy = spelling.copy()
    const atom = copy.atoms[centre]!
    atom.text = atom.text.includes('@@') ? atom.text.replace('@@', '@') : atom.text.replace('@', '@@')
    const smiles = copy.write()
    const read = mols.read(smiles)
    if (read === null) continue
    const [from, to] = [before.get(centre), mols.stereocentres(read).get(centre)]
    const labels = from !== undefined && to !== undefined && from !== to && from !== '?' && to !== '?'
    yield { smiles, changed: `${atomName(molecule, centre)}: ${labels ? `${from} → ${to}` : 'inverted'}` }
  }
}

/** Beyond these a random assignment of all centres seldom exists. */
const MAX_CENTRES = 2

/**
 * A stereoisomer of a molecule that leaves one or two tetrahedral carbons open: each gets a random mark. Null where there are none or
 * more, or RDKit does not keep the marks.
 */
export function assignCentres({ molecule, graph, spelling, mols }: Editable, random: Prng): string | null {
  if (spelling.atoms.some(({ text }) => text.includes('@'))) return null
  const open = [...mols.stereocentres(molecule)].flatMap(([atom, label]) => (label === '?' ? [atom] : []))
  if (open.length === 0 || open.length > MAX_CENTRES) return null
  const copy = spelling.copy()
  for (const centre of open) {
    const atom = copy.atoms[centre]!
    const { hydrogens } = graph.atoms[centre]!
    if (atom.text !== 'C' || hydrogens > 1) return null
    atom.text = `[C${random() < 0.5 ? '@' : '@@'}${hydrogens === 1 ? 'H' : ''}]`
  }
  const made = mols.read(copy.write())
  if (made === null || [...mols.stereocentres(made).values()].includes('?')) return null
  return made.canonical
}
