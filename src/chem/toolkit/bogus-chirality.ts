import { parseGraph } from './graph.ts'
import { tokenizeSmiles } from './smiles-tokens.ts'

/**
 * Takes the chiral mark off under-valent atoms (`[C@@H]CCO`), which cannot be stereocentres: MinimalLib drops such an atom's H with the
 * mark, Python's parser keeps it.
 * @param json rdkitjson of the SMILES as read with every hydrogen atom kept, so that atoms stand in the string's order
 */
export function withoutBogusChirality(smiles: string, json: string): string {
  const { atoms } = parseGraph(json)
  const tokens = tokenizeSmiles(smiles)
  if (tokens === null || tokens.filter(({ kind }) => kind === 'atom').length !== atoms.length) return smiles
  let at = -1
  return tokens
    .map(({ kind, text }) => {
      if (kind !== 'atom') return text
      at++
      return atoms[at]!.radicals > 0 ? text.replace(/@+/, '') : text
    })
    .join('')
}
