import { type Edits, editable } from '../../edits/edit.ts'
import { homologues } from '../../edits/homologue.ts'
import { moveElsewhere, moveOnRing } from '../../edits/move.ts'
import { saltOf } from '../../edits/salt.ts'
import { invertCentre } from '../../edits/stereo.ts'
import { exchangeNeighbours, swapElement } from '../../edits/swap.ts'
import { ofSmiles, type Transformation } from '../transformation.ts'

/** Edits that are looked at before one is given up: RDKit may refuse a molecule, or find it to be the same. */
const MOST_EDITS = 8

/** One step to another molecule: the edits that minimal pairs are made of. The string stays as it is elsewhere. */
const edited = (name: string, edits: Edits): Transformation =>
  ofSmiles({ name, family: 'molecule', same: false }, ({ smiles, molecule, toolkit }, random) => {
    const given = editable(molecule.smiles === smiles ? molecule : toolkit.read(smiles)!, toolkit)
    if (given === null) return 'not_editable'
    let looked = 0
    for (const edit of edits(given, random)) {
      if (looked++ === MOST_EDITS) break
      const read = toolkit.read(edit.smiles)
      if (read !== null && read.canonical !== molecule.canonical) return [edit.smiles]
    }
    return looked === 0 ? 'no_place_for_it' : 'no_other_molecule_found'
  })

export const stereoInversion = edited('stereo_inversion', invertCentre)
export const ch2 = edited('ch2', homologues)
export const elementSwap = edited('element_swap', swapElement)
export const regioIsomer = edited('regio_isomer', moveOnRing)
/** The same formula: a group elsewhere, or two neighbours of a chain exchanged. */
export const isomer = edited('isomer', function* (molecule, random) {
  const [first, second] = random() < 0.5 ? [moveElsewhere, exchangeNeighbours] : [exchangeNeighbours, moveElsewhere]
  yield* first(molecule, random)
  yield* second(molecule, random)
})
/** A salt without one of its counter-ions. ether0 compares the largest part alone, and does not see it. */
export const counterIon = edited('counter_ion', function* (molecule, random) {
  if (molecule.graph.components < 2) return
  for (const { without, ion } of saltOf(molecule, random)) yield { smiles: without, changed: `counter-ion ${ion} lost` }
})
