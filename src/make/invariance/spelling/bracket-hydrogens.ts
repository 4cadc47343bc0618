import { smilesText } from '../tokens.ts'
import { ofSmiles } from '../transformation.ts'

/** Every atom in brackets with its hydrogens counted: `CCO` as `[CH3][CH2][OH]`. The order of the atoms is kept. */
export const bracketHydrogens = ofSmiles(
  { name: 'bracket_hydrogens', family: 'spelling', same: true },
  ({ smiles, toolkit }) => {
    const text = smilesText(smiles, toolkit)
    if (text === null) return 'not_tokenised'
    let atom = -1
    const written = text.tokens.map((token) => {
      if (token.kind !== 'atom') return token.text
      atom++
      return token.text.startsWith('[') || token.text === '*'
        ? token.text
        : `[${token.text}${count(text.atoms[atom]!.hydrogens)}]`
    })
    const made = written.join('')
    return made === smiles ? 'all_in_brackets' : [made]
  },
)

const count = (hydrogens: number): string => (hydrogens === 0 ? '' : hydrogens === 1 ? 'H' : `H${hydrogens}`)
