import type { Prng } from '../../prng.ts'
import type { Edits } from '../edits/edit.ts'
import type { Contrast } from '../kind.ts'
import { editedMolecule, problemsOf, type Subject } from '../subject.ts'

/** Edits of a molecule that are looked at, before it is given up for this kind. */
const MOST_EDITS = 6

/**
 * The right molecule against an edited one.
 * @param names problems whose answer the edit makes wrong
 * @param stereo the edit makes stereoisomers
 */
export function* byEdit(
  edits: Edits,
  names: readonly string[],
  subject: Subject,
  random: Prng,
  molecule = editedMolecule(subject),
  stereo = false,
): Iterable<Contrast> {
  if (molecule === null) return
  const { mols } = subject.chemistry
  const right = molecule.molecule.canonical
  const seen = new Set([right])
  for (const { smiles, changed } of edits(molecule, random)) {
    if (seen.size > MOST_EDITS) return
    const wrong = mols.read(smiles)?.canonical
    if (wrong === undefined || seen.has(wrong)) continue
    seen.add(wrong)
    // a group moved to an equivalent place of a chiral molecule makes its stereoisomer, which is another kind
    if (!stereo && mols.read(wrong)!.flat === molecule.molecule.flat) continue
    for (const problem of problemsOf(subject, molecule, names, random)) {
      if (problem.inchi !== undefined && mols.inchi(mols.read(wrong)!) === problem.inchi) continue
      yield { problem, right: problem.answer, wrong, changed }
    }
  }
}
