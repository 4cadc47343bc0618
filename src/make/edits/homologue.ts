import type { Prng } from '../../prng.ts'
import { atomName, type Edit, type Editable, isFreeBond, isPlain, isSaturated, shuffled } from './edit.ts'

/** One CH2 more or less, as probable the one as the other. */
export function* homologues(molecule: Editable, random: Prng): Iterable<Edit> {
  const [first, second] = random() < 0.5 ? [longer, shorter] : [shorter, longer]
  yield* first(molecule, random)
  yield* second(molecule, random)
}

const isCarbon = ({ graph }: Editable, atom: number): boolean => graph.atoms[atom]!.z === 6

/** CH2 into a single bond outside rings, one end at least of which is carbon with single bonds only. */
function* longer(molecule: Editable, random: Prng): Iterable<Edit> {
  const { spelling } = molecule
  const bonds = spelling.atoms.flatMap(({ parent }, child) =>
    isFreeBond(molecule, child) &&
    [child, parent].some((end) => isCarbon(molecule, end) && isSaturated(molecule, end)) &&
    isCarbonBoth(molecule, child, parent)
      ? [child]
      : [],
  )
  for (const child of shuffled(bonds, random)) {
    const copy = spelling.copy()
    const { parent } = copy.atoms[child]!
    const added = copy.add('C')
    copy.attach(added, parent, '', child)
    copy.attach(child, added, '')
    yield {
      smiles: copy.write(),
      changed: `CH2 inserted between ${atomName(molecule, parent)} and ${atomName(molecule, child)}`,
    }
  }
}

/** Between two carbons, or a carbon and a hetero atom: never an acetal of two hetero atoms. */
const isCarbonBoth = (molecule: Editable, a: number, b: number): boolean =>
  isCarbon(molecule, a) || isCarbon(molecule, b)

/** A CH2 out of a chain, whose neighbours then join; or a methyl group off an atom that keeps a hydrogen instead. */
function* shorter(molecule: Editable, random: Prng): Iterable<Edit> {
  const { graph, spelling } = molecule
  const places = spelling.atoms.flatMap(({ text, parent }, atom) => {
    if (text !== 'C' || !isFreeBond(molecule, atom) || !isPlain(molecule, atom)) return []
    const { neighbours, hydrogens } = graph.atoms[atom]!
    const children = spelling.children(atom)
    if (neighbours.length === 1 && hydrogens === 3)
      return isPlain(molecule, parent) && graph.atoms.length > 3 ? [atom] : []
    const [child] = children
    const inChain = neighbours.length === 2 && hydrogens === 2 && child !== undefined && children.length === 1
    return inChain && isFreeBond(molecule, child) && isCarbonBoth(molecule, parent, child) ? [atom] : []
  })
  for (const atom of shuffled(places, random)) {
    const copy = spelling.copy()
    const { parent } = copy.atoms[atom]!
    const [child] = copy.children(atom)
    const name = atomName(molecule, atom)
    if (child === undefined) {
      copy.detach(atom)
      yield { smiles: copy.write(new Set([atom])), changed: `CH3 ${name} replaced by H` }
      continue
    }
    copy.attach(child, parent, '', atom)
    copy.atoms[atom]!.parent = -1
    yield { smiles: copy.write(new Set([atom])), changed: `CH2 removed at ${name}` }
  }
}
