import type { Drawer, DrawMoleculeOptions, DrawOptions } from '../chem/toolkit/draw.ts'

/** RDKit, opened with the first drawing; a broken one is replaced. */
async function open(): Promise<Drawer> {
  const { Drawer } = await import('../chem/toolkit/draw.ts')
  return Drawer.open()
}

/**
 * A molecule as SVG text, legible on light and on dark; null where RDKit cannot read the SMILES, or it is too large to draw.
 * @example await drawMolecule('CCO', { width: 200, height: 120, highlightAtoms: [2] }) // '<svg …'
 */
export const drawMolecule = async (smiles: string, options: DrawMoleculeOptions = {}): Promise<string | null> =>
  (await open()).molecule(smiles, options)

/**
 * A reaction as SVG text; null as for molecules.
 * @example await drawReaction('CCO.CC(=O)O>>CC(=O)OCC') // '<svg …'
 */
export const drawReaction = async (reaction: string, options: DrawOptions = {}): Promise<string | null> =>
  (await open()).reaction(reaction, options)

/**
 * The atoms of two molecules that have no counterpart in the other, as indices in the order of their SMILES, for `highlightAtoms`; null
 * where RDKit cannot read one of them. Stereo is not compared.
 * @example await differingAtoms('CCO', 'CCN') // { a: [2], b: [2] }
 */
export const differingAtoms = async (
  a: string,
  b: string,
): Promise<{ readonly a: number[]; readonly b: number[] } | null> => (await open()).differingAtoms(a, b)
