import { assignCentres, invertCentre } from '../edits/stereo.ts'
import type { Kind } from '../kind.ts'
import { editableOf, editedMolecule } from '../subject.ts'
import { byEdit } from './by-edit.ts'

/** One stereocentre the other way round. A molecule that leaves its one or two centres open is asked about as a random stereoisomer. */
export const stereoInversion: Kind = {
  name: 'stereo_inversion',
  title: 'one stereocentre inverted (C12: R → S)',
  hard: true,
  *contrasts(subject, random) {
    const molecule = editedMolecule(subject)
    if (molecule === null) return
    const assigned = subject.molecule === null ? null : assignCentres(molecule, random)
    const centred = assigned === null ? molecule : editableOf(assigned, subject.chemistry)
    yield* byEdit(invertCentre, ['name'], subject, random, centred, true)
  },
}
