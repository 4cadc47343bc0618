import type { Drawer, DrawOptions } from './draw.ts'

/** A molecule or a reaction, as SMILES, and the atoms that are marked in its drawing. */
export interface Picture {
  readonly smiles: string
  readonly highlightAtoms: readonly number[]
}

/** SVG text; null where RDKit draws nothing. In a reaction nothing is marked. */
export const drawPicture = (drawer: Drawer, { smiles, highlightAtoms }: Picture, size: DrawOptions): string | null =>
  smiles.includes('>') ? drawer.reaction(smiles, size) : drawer.molecule(smiles, { ...size, highlightAtoms })
