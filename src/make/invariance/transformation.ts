import type { Molecule } from '../../chem/toolkit/molecule.ts'
import type { Toolkit } from '../../chem/toolkit/toolkit.ts'
import type { Prng } from '../../prng.ts'
import { compose, type Envelope } from './envelope.ts'

/**
 * What is changed of a completion. `spelling`: how the answer's molecule is written; `format`: what stands around the answer; `style`: how
 * much is said of it; `molecule`: the molecule itself.
 */
export type Family = 'spelling' | 'format' | 'style' | 'molecule'

/** A completion to be transformed. */
export interface Original {
  readonly envelope: Envelope
  /** The answer as RDKit reads it; null where it is no molecule (a formula, a name, a part of a SMILES string). */
  readonly molecule: Molecule | null
  readonly toolkit: Toolkit
}

/** New completions; or a snake_case word, why there is none. */
export type Made = readonly string[] | string

/** One way to rewrite a completion. Each changes one thing and leaves all else, character by character. */
export interface Transformation {
  /** snake_case, as in the `transformation` of the data. */
  readonly name: string
  readonly family: Family
  /** What the molecule must be in the end: that of the original, or another one. Checked on every completion. */
  readonly same: boolean
  make(original: Original, random: Prng): Made
}

/** The answer's molecule, with the string that the completion has for it. */
export interface Written {
  readonly smiles: string
  readonly molecule: Molecule
  readonly toolkit: Toolkit
}

/** A transformation of the answer's SMILES; where the answer is no molecule there is nothing to write otherwise. */
export const ofSmiles = (
  one: Omit<Transformation, 'make'>,
  respell: (written: Written, random: Prng) => Made,
): Transformation => ({
  ...one,
  make({ envelope, molecule, toolkit }, random) {
    if (molecule === null) return 'answer_is_no_molecule'
    const made = respell({ smiles: envelope.answer, molecule, toolkit }, random)
    return typeof made === 'string' ? made : made.map((answer) => compose(envelope, { answer }))
  },
})
