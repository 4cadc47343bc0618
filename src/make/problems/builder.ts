import type { Chemistry } from '../../chem/ether0/evaluate.ts'
import type { Toolkit } from '../../chem/toolkit/toolkit.ts'
import type { Prng } from '../../prng.ts'
import type { Editable } from '../edits/edit.ts'
import type { Problem } from '../problem.ts'

/** ether0's chemistry on the toolkit itself, whose edits, reactions and InChI the rewards do not need. */
export type MakerChemistry = Chemistry & { readonly mols: Toolkit }

/** A type of problem that can be built from a molecule, without a model. */
export interface ProblemBuilder {
  readonly name: string
  readonly title: string
  /** The verdict on the right answer rests on a filter that stands in for one of ether0's. */
  readonly standIn: boolean
  /** Null where the molecule makes no such problem. */
  build(molecule: Editable, random: Prng, chemistry: MakerChemistry): Problem | null
}
