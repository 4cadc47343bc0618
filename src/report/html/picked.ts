import { Drawings } from './drawings.ts'
import type { MoleculePort } from './input.ts'
import type { Limits } from './limits.ts'
import { TextPool } from './texts.ts'

/** Texts and drawings that a browser shows, or several browsers of one page, each kept once. */
export interface Picked {
  readonly pool: TextPool
  readonly drawings: Drawings
}

export const picked = (molecules: MoleculePort | null, limits: Limits): Picked => ({
  pool: new TextPool(),
  drawings: new Drawings(molecules, limits),
})
