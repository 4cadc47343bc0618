import type { SolutionInput, Verification } from '../../types.ts'
import type { VerifyOptions } from '../ether0/accuracy.ts'
import type { Apart } from '../ether0/apart.ts'
import type { Solubility } from '../oracles/solubility.ts'
import type { DrawOptions } from '../toolkit/draw.ts'
import type { Couple, CouplePictures } from '../toolkit/pictures.ts'

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
  /** How far two answers are apart, each as the SMILES strings that it may stand for. */
  | { readonly kind: 'apart'; readonly a: readonly string[]; readonly b: readonly string[] }
  /** A few couples, compared and drawn. */
  | { readonly kind: 'pictures'; readonly couples: readonly Couple[]; readonly size: DrawOptions }

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
  | { readonly kind: 'apart'; readonly apart: Apart | null }
  | { readonly kind: 'pictures'; readonly pictures: CouplePictures }
