import { smilesText } from '../tokens.ts'
import { ofSmiles } from '../transformation.ts'

/** Aromatic rings in Kekulé form: capitals and double bonds in the places of the lower-case atoms, the order of the atoms kept. */
export const kekule = ofSmiles({ name: 'kekule', family: 'spelling', same: true }, ({ smiles, toolkit }) => {
  const text = smilesText(smiles, toolkit)
  if (text === null) return 'not_tokenised'
  const { tokens, tree, atoms, kekuleOrder } = text
  if (!tokens.some(({ kind, text }) => kind === 'atom' && isLowerCase(text))) return 'no_aromatic_ring'
  /** A bond that is written by lower-case atoms alone, or as `:`. */
  const implied = (a: number, b: number, bond: string): boolean =>
    (bond === '' || bond === ':') && atoms[a]!.aromatic && atoms[b]!.aromatic
  const symbol = (a: number, b: number, bond: string): string =>
    implied(a, b, bond) ? (kekuleOrder(a, b) === 2 ? '=' : '') : bond
  const opened = new Map<string, number>()
  let [out, atom, closures] = ['', -1, 0]
  let [previous, bond] = [-1, '']
  const branches: number[] = []
  for (const { kind, text } of tokens) {
    if (kind === 'bond') {
      bond = text
      continue
    }
    if (kind === 'open') branches.push(previous)
    if (kind === 'close') previous = branches.pop() ?? -1
    if (kind === 'dot') previous = -1
    if (kind === 'closure') {
      const label = text.replace(/[%()]/g, '')
      if (opened.delete(label)) out += bond === ':' ? text : bond + text
      else {
        const [a, b] = tree.closures[closures++]!
        opened.set(label, a)
        // a bond written at the other end stands there
        out += symbol(a, b, bond) + text
      }
    } else if (kind === 'atom') {
      atom++
      out += (previous < 0 ? bond : symbol(previous, atom, bond)) + capital(text)
      previous = atom
    } else out += text
    bond = ''
  }
  return [out]
})

const AROMATIC_ATOM = /^(\[\d*)?(se|as|te|si|[bcnops])/
const isLowerCase = (atom: string): boolean => AROMATIC_ATOM.test(atom)
const capital = (atom: string): string =>
  atom.replace(AROMATIC_ATOM, (_, open: string | undefined, symbol: string) => {
    return `${open ?? ''}${symbol[0]!.toUpperCase()}${symbol.slice(1)}`
  })
