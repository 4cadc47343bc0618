import { smilesText } from '../tokens.ts'
import { ofSmiles } from '../transformation.ts'

/**
 * Every hydrogen as an atom of its own: `CO` as `C([H])([H])([H])O[H]`. The order of the other atoms is kept. A hydrogen stands behind the
 * ring closures of its atom, so that a chiral mark is turned where these are odd in number.
 */
export const explicitHydrogens = ofSmiles(
  { name: 'explicit_hydrogens', family: 'spelling', same: true },
  ({ smiles, toolkit }) => {
    const text = smilesText(smiles, toolkit)
    if (text === null) return 'not_tokenised'
    const { tokens, atoms } = text
    if (atoms.every(({ hydrogens }) => hydrogens === 0)) return 'no_hydrogen_to_write'
    let [out, atom] = ['', -1]
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i]!
      if (token.kind !== 'atom') {
        out += token.text
        continue
      }
      const { hydrogens } = atoms[++atom]!
      let closures = ''
      let rings = 0
      for (;;) {
        const [next, behind] = [tokens[i + 1], tokens[i + 2]]
        if (next?.kind === 'closure') {
          closures += next.text
          i++
        } else if (next?.kind === 'bond' && behind?.kind === 'closure') {
          closures += next.text + behind.text
          i += 2
        } else break
        rings++
      }
      const ends = tokens[i + 1] === undefined || tokens[i + 1]!.kind === 'close' || tokens[i + 1]!.kind === 'dot'
      out += bare(token.text, rings) + closures + written(hydrogens, ends)
    }
    return [out]
  },
)

/** The last one needs no branch where nothing follows. */
const written = (hydrogens: number, ends: boolean): string =>
  ends && hydrogens > 0 ? `${'([H])'.repeat(hydrogens - 1)}[H]` : '([H])'.repeat(hydrogens)

/** A bracket atom without its hydrogens: `[C@@H]` as `[C@@]`, `[NH3+]` as `[N+]`. */
function bare(atom: string, rings: number): string {
  const [, head, chiral = '', hydrogens, tail] = /^(\[\d*[A-Za-z][a-z]?)(@{0,2})(H\d*)(.*)$/.exec(atom) ?? []
  if (hydrogens === undefined) return atom
  return `${head}${chiral === '' || rings % 2 === 0 ? chiral : chiral === '@' ? '@@' : '@'}${tail}`
}
