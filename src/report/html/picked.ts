import { Drawings } from './drawings.ts'
import type { ReportInput } from './input.ts'
import type { Limits } from './limits.ts'
import { TextPool } from './texts.ts'

/** What tables read of answers and molecules. */
export type Chemistry = Pick<ReportInput, 'molecules' | 'answers'>

/** Texts and drawings that a browser shows, or several browsers of one page, each kept once. */
export interface Picked {
  readonly pool: TextPool
  readonly drawings: Drawings
}

export const picked = ({ molecules, answers }: Chemistry, limits: Limits): Picked => ({
  pool: new TextPool(),
  drawings: new Drawings(molecules, answers ?? null, limits),
})
