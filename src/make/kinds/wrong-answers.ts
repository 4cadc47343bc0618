import type { Prng } from '../../prng.ts'
import type { Edits } from '../edits/edit.ts'
import { shuffled } from '../edits/edit.ts'
import { homologues } from '../edits/homologue.ts'
import { moveElsewhere, moveOnRing } from '../edits/move.ts'
import { invertCentre } from '../edits/stereo.ts'
import { exchangeNeighbours, swapElement } from '../edits/swap.ts'
import type { Contrast } from '../kind.ts'
import type { Problem } from '../problem.ts'
import type { MakerChemistry } from '../problems/builder.ts'
import { formulaByOne, number } from './off-by-one.ts'

const EDITS: readonly Edits[] = [homologues, swapElement, moveOnRing, moveElsewhere, exchangeNeighbours, invertCentre]
/** Edits that are looked at. */
const MOST = 12

/** Wrong answers to a problem that are near to the right one, whatever it asks for; none for free text. */
export function* wrongAnswers(
  problem: Problem,
  random: Prng,
  { mols }: MakerChemistry,
): Iterable<Pick<Contrast, 'wrong' | 'changed'>> {
  if (problem.form === 'count') yield number(problem.answer, random)
  if (problem.form === 'formula') {
    const found = formulaByOne(problem.answer, random)
    if (found !== null) yield found
  }
  if (problem.molecule === null) return
  let looked = 0
  for (const edits of shuffled(EDITS, random))
    for (const { smiles, changed } of edits(problem.molecule, random)) {
      if (++looked > MOST) return
      const wrong = mols.read(smiles)?.canonical
      if (wrong === undefined || wrong === problem.answer) continue
      if (problem.inchi !== undefined && mols.inchi(mols.read(wrong)!) === problem.inchi) continue
      yield { wrong, changed }
    }
}
