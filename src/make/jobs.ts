import type { VerifyOptions } from '../chem/ether0/accuracy.ts'
import type { Verification } from '../types.ts'
import type { Problem } from './problem.ts'
import type { SubjectInput } from './subject.ts'
import type { Oriented } from './texts.ts'

/** What a worker of make-pairs can be asked; plain data, it crosses threads. */
export type MakeJob =
  | {
      readonly kind: 'make'
      readonly input: SubjectInput
      /** Kinds in the order in which they are tried; the first that gives a pair does. */
      readonly kinds: readonly string[]
      readonly builders: readonly string[]
      /** Name of the stream of random numbers: every draw of the job comes from it. */
      readonly stream: string
      readonly seed: number
    }
  | {
      readonly kind: 'verify'
      readonly completions: readonly string[]
      readonly solution: string
      readonly soft: boolean
    }
  | {
      readonly kind: 'inspect'
      readonly texts: readonly string[]
      readonly solution: string | null
      readonly format: AnswerFormat
    }
  /** How far two molecules are apart. */
  | { readonly kind: 'distance'; readonly molecules: readonly [string, string] }
  /** Molecules that stand in texts. */
  | { readonly kind: 'mentioned'; readonly texts: readonly string[] }

export type MakeResult =
  | {
      readonly kind: 'make'
      readonly pair: MadePair | null
      readonly drops: readonly Drop[]
      readonly unreadable: string | null
    }
  | { readonly kind: 'verify'; readonly answers: readonly VerifiedAnswer[] }
  | { readonly kind: 'inspect'; readonly texts: readonly Inspected[] }
  | { readonly kind: 'distance'; readonly distance: number | null }
  | { readonly kind: 'mentioned'; readonly flat: readonly string[] }

/** A pair that the verifier agrees with, before its orientation is chosen. */
export interface MadePair {
  readonly kind: string
  readonly problem: Pick<Problem, 'type' | 'prompt' | 'solution'>
  readonly texts: Oriented
  /** The two answers. */
  readonly right: string
  readonly wrong: string
  readonly changed: string
  /** 1 − Tanimoto similarity of the two answers (Morgan, radius 2, 2,048 bits); null where one of them is no molecule. */
  readonly distance: number | null
  /** Levenshtein distance of the two answers, in characters. */
  readonly editDistance: number
  /** Canonical SMILES that the pair is about: the right answer, else what the question shows; null where there is none. */
  readonly molecule: string | null
  /** Canonical SMILES without stereo of every molecule in it: both answers, and what the question shows (reagents apart). */
  readonly flat: readonly string[]
  readonly rejectedReason: string | null
  /** Characters of the rejected answer less those of the chosen one. */
  readonly answerGap: number
}

/** How an answer must be given: ether0's `reasoning` and `test`. */
export type AnswerFormat = Required<Pick<VerifyOptions, 'reasoning' | 'test'>>

/** A contrast that did not become a pair. */
export interface Drop {
  readonly kind: string
  /** snake_case. */
  readonly reason: string
}

export interface VerifiedAnswer {
  readonly verification: Pick<Verification, 'value' | 'status' | 'reason'>
  /** Canonical molecule of the answer, else the answer itself, else the text: equal ones are the same answer. */
  readonly key: string
  /** Canonical SMILES; null where the answer is no molecule. */
  readonly molecule: string | null
  readonly answer: string | null
}

export interface AnswerTraits {
  readonly answer: string | null
  readonly molecule: string | null
  /** Murcko scaffold, canonical; '' where there is no ring; null without a molecule. */
  readonly scaffold: string | null
}

/** A completion as `--validate` sees it. */
export interface Inspected extends AnswerTraits {
  /** Null without a solution. */
  readonly verification: Pick<Verification, 'value' | 'status' | 'reason'> | null
  /** In the format that is asked for. */
  readonly formatted: boolean
  /** The verdict hinges on a filter that stands in for one of ether0's. */
  readonly standIn: boolean
}
