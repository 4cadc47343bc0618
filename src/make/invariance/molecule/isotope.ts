import { below } from '../../../prng.ts'
import { atomTokens, smilesText } from '../tokens.ts'
import { ofSmiles } from '../transformation.ts'

/**
 * One carbon as carbon-13. An isotopologue is another compound, with another InChI and another canonical SMILES; ether0 takes it for a wrong
 * molecule where the molecule is asked for, and its checks of Morgan environments do not know it. So the chemistry is not the same. Its
 * formula is (isotopes are not counted apart), and a reader to whom a label is nothing may take this transformation out by its name.
 */
export const isotope = ofSmiles({ name: 'isotope', family: 'molecule', same: false }, ({ smiles, toolkit }, random) => {
  const text = smilesText(smiles, toolkit)
  if (text === null) return 'not_tokenised'
  const places = atomTokens(text.tokens)
  const carbons = places.flatMap((place, atom) => (CARBON.test(text.tokens[place]!.text) ? [{ place, atom }] : []))
  if (carbons.length === 0) return 'no_carbon'
  const { place, atom } = carbons[below(random, carbons.length)]!
  const { hydrogens } = text.atoms[atom]!
  const labelled = (atom: string): string =>
    atom.startsWith('[')
      ? `[13${atom.slice(1)}`
      : `[13${atom}${hydrogens === 0 ? '' : hydrogens === 1 ? 'H' : `H${hydrogens}`}]`
  return [text.tokens.map((token, i) => (i === place ? labelled(token.text) : token.text)).join('')]
})

/** Carbon without an isotope, in brackets or not; no Cl, Cu … */
const CARBON = /^(\[[Cc](?![a-z])|[Cc]$)/
