import { parseGraph } from './graph.ts'
import { tokenizeSmiles } from './smiles-tokens.ts'

/** Elements whose stereocentres RDKit tells as Python does. */
const ORGANIC = /^\[\d*(?:B|C|N|O|P|S|Si|Se|Ge|As|c|n|o|p|s)(?![a-z])/
const CORNERS = 4
/** A mark of the tetrahedron: RDKit keeps the hydrogens of other geometries. */
const TETRAHEDRAL = /@+(?:TH\d*)?(?!AL|SP|TB|OH)/

/**
 * Takes the chiral mark off atoms that cannot be stereocentres, under-valent ones (`[C@@H]CCO`) and those that RDKit found to be none
 * (`[H]->[Pt@@]`): MinimalLib drops such an atom's H with the mark, Python's parser keeps it.
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
      const { radicals, stereo, neighbours } = atoms[at]!
      const bogus = radicals > 0 || (!stereo && neighbours.length !== CORNERS && !ORGANIC.test(text))
      return bogus ? text.replace(TETRAHEDRAL, '') : text
    })
    .join('')
}
