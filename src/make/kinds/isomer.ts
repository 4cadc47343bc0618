import type { Edits } from '../edits/edit.ts'
import { moveElsewhere } from '../edits/move.ts'
import { exchangeNeighbours } from '../edits/swap.ts'
import type { Kind } from '../kind.ts'
import { byEdit } from './by-edit.ts'

/** Two neighbours exchanged, or a group elsewhere; one sort first, by a coin. */
const rearranged: Edits = function* (molecule, random) {
  const sorts = random() < 0.5 ? [exchangeNeighbours, moveElsewhere] : [moveElsewhere, exchangeNeighbours]
  for (const edits of sorts) yield* edits(molecule, random)
}

export const isomer: Kind = {
  name: 'isomer',
  title: 'another constitution of the same formula',
  hard: true,
  contrasts: (subject, random) => byEdit(rearranged, ['name', 'groups'], subject, random),
}
