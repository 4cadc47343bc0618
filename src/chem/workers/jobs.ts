import type { SolutionInput, Verification } from '../../types.ts'
import type { Solubility } from '../oracles/solubility.ts'

/** What differs between two verifications of one completion: ether0's keywords. */
export interface VerifyOptions {
  /** Thought tags required and the answer taken strictly; else the loose extraction. Default true. */
  readonly reasoning?: boolean
  /** Partial credit. Default false. */
  readonly soft?: boolean
  /** ether0's benchmark rules instead of its training rules. Default false. */
  readonly test?: boolean
  /** λ of the bonus for a reasonable molecule. Default 0. */
  readonly goodMoleculeBonus?: number
}

/** What a verification worker can be asked; plain data, it crosses threads. */
export type ChemJob =
  | {
      readonly kind: 'verify'
      readonly completion: string
      readonly solution: SolutionInput
      readonly options?: VerifyOptions
    }
  | { readonly kind: 'solubility'; readonly smiles: string }
  | { readonly kind: 'purchasable'; readonly smiles: readonly string[] }
  | { readonly kind: 'translate'; readonly precursors: string }

/** An oracle's answer, or why it has none. */
export type OracleAnswer<T> = { readonly answer: T } | { readonly failure: string; readonly message: string }

/** What /translate answers: the product for canonical precursors; or the precursors that RDKit cannot read. */
export type Translation =
  | { readonly precursors: string; readonly product: string }
  | { readonly invalid: readonly string[] }

export type ChemResult =
  | { readonly kind: 'verify'; readonly verification: Verification }
  | { readonly kind: 'solubility'; readonly solubility: OracleAnswer<Solubility> }
  | { readonly kind: 'purchasable'; readonly purchasable: OracleAnswer<Readonly<Record<string, boolean>>> }
  | { readonly kind: 'translate'; readonly translation: OracleAnswer<Translation> }
