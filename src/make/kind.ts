import type { Prng } from '../prng.ts'
import type { Problem } from './problem.ts'
import type { Subject } from './subject.ts'

/** A right and a wrong answer to one problem. */
export interface Contrast {
  readonly problem: Problem
  /** What stands in the answer tags of chosen and rejected. */
  readonly right: string
  readonly wrong: string
  /** In words; of molecules, atoms by their place in the chosen SMILES from 1. */
  readonly changed: string
  /** The rejected text as a whole, where it is not thought and answer in their tags. */
  readonly broken?: (thought: string, answer: string) => string
  /** The rejected thought is long and sure of itself. */
  readonly verbose?: true
}

/** One way of being wrong. */
export interface Kind {
  readonly name: string
  /** A line for --list-kinds. */
  readonly title: string
  /** The rejected text is well-formed and its answer can be read: nothing but chemistry tells. */
  readonly hard: boolean
  /** Contrasts of a subject, lazily and in random order; none where it does not fit. The verifier has the last word on each. */
  contrasts(subject: Subject, random: Prng): Iterable<Contrast>
}
