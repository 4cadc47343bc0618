import { distance } from 'fastest-levenshtein'
import { type Molecule, type MolToolkit, ToolkitFailure } from '../toolkit/molecule.ts'
import { tokenizeSmiles } from '../toolkit/smiles-tokens.ts'
import { tanimotoSimilarity } from './similarity.ts'

/** How far two molecules are apart. */
export interface Apart {
  /** Tanimoto similarity of their Morgan environments (radius 2, 2,048 bits), in [0, 1]. */
  readonly similarity: number
  /** Edit steps between their canonical SMILES, in tokens; null where one is not tokenised. */
  readonly edits: number | null
  /** Whether they have the same molecular formula; null where RDKit gives up on one. */
  readonly sameFormula: boolean | null
}

/**
 * Compares two answers, each given as the SMILES strings that it may stand for, the likeliest first: the first that RDKit reads as a molecule with
 * atoms counts. Null where one has none, or RDKit gives up.
 */
export function apart(a: readonly string[], b: readonly string[], mols: Pick<MolToolkit, 'read'>): Apart | null {
  try {
    const [x, y] = [firstMolecule(a, mols), firstMolecule(b, mols)]
    if (x === null || y === null) return null
    const [similarity, edits] = [tanimotoSimilarity(x, y), tokenEdits(x.canonical, y.canonical)]
    return { similarity, edits, sameFormula: sameFormula(x, y) }
  } catch (error) {
    if (error instanceof ToolkitFailure) return null
    throw error
  }
}

function sameFormula(x: Molecule, y: Molecule): boolean | null {
  try {
    return x.formula === y.formula
  } catch (error) {
    if (error instanceof ToolkitFailure) return null
    throw error
  }
}

function firstMolecule(candidates: readonly string[], mols: Pick<MolToolkit, 'read'>): Molecule | null {
  for (const smiles of candidates) {
    const molecule = mols.read(smiles)
    if (molecule !== null && molecule.atomCount > 0) return molecule
  }
  return null
}

/**
 * Tokens that are put in, taken out or exchanged on the way from one SMILES string to another; null where one is not tokenised.
 * @example tokenEdits('CCO', 'CCCl') // 1
 */
export function tokenEdits(a: string, b: string): number | null {
  const [x, y] = [tokenizeSmiles(a), tokenizeSmiles(b)]
  if (x === null || y === null) return null
  const letters = new Map<string, string>()
  const spelled = (tokens: readonly { readonly text: string }[]): string =>
    tokens
      .map(({ text }) => {
        const known = letters.get(text) ?? String.fromCharCode(0x100 + letters.size)
        letters.set(text, known)
        return known
      })
      .join('')
  return distance(spelled(x), spelled(y))
}
