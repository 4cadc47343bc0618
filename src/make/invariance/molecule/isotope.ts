import { below } from '../../../prng.ts'
import { atomTokens, smilesText } from '../tokens.ts'
import { ofSmiles } from '../transformation.ts'

/**
 * One carbon as carbon-13. An isotopologue is another compound, with another InChI and another canonical SMILES, and ether0 takes it for a
 * wrong answer where a molecule is asked for: so the chemistry is not the same. Where a formula is asked for it passes, since isotopes are
 * not counted apart, unless the label is in a ring (its filter knows no labelled rings). Who takes a label for nothing reads the lines of
 * agreement.csv without this transformation, which has a subset of its own.
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
