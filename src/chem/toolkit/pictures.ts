import type { Drawer, DrawOptions } from './draw.ts'

/** Molecules that are shown side by side, and one that is shown by itself; null: none. */
export interface PictureTask {
  readonly a: string | null
  readonly b: string | null
  readonly expected: string | null
}
/** Atoms of each that the other does not have, and the drawings, SVG text; null where there is none. */
export interface Pictures {
  readonly differing: { readonly a: readonly number[]; readonly b: readonly number[] } | null
  readonly a: string | null
  readonly b: string | null
  readonly expected: string | null
}

/** Draws two molecules with what they do not share marked. */
export function picturesOf({ a, b, expected }: PictureTask, drawer: Drawer, size: DrawOptions): Pictures {
  const differing = a === null || b === null || a === b ? null : drawer.differingAtoms(a, b)
  const drawn = (smiles: string | null, highlightAtoms: readonly number[]): string | null =>
    smiles === null ? null : drawSmiles(drawer, smiles, { ...size, highlightAtoms })
  return {
    differing,
    a: drawn(a, differing?.a ?? []),
    b: drawn(b, differing?.b ?? []),
    expected: drawn(expected, []),
  }
}

/** A molecule, or a reaction, in which nothing is marked. */
export const drawSmiles = (
  drawer: Drawer,
  smiles: string,
  options: DrawOptions & { readonly highlightAtoms: readonly number[] },
): string | null => (smiles.includes('>') ? drawer.reaction(smiles, options) : drawer.molecule(smiles, options))
