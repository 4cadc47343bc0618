/** One piece of a SMILES string. */
export interface SmilesToken {
  readonly kind: 'atom' | 'closure' | 'open' | 'close' | 'dot' | 'bond'
  readonly text: string
}

const TOKEN = /(\[[^\]]*\]|Br|Cl|[BCNOPSFIbcnops*])|(%\(\d+\)|%\d\d|\d)|(\()|(\))|(\.)|(->|<-|\\\\|[-=#$:~/\\])/gy
const KINDS = ['atom', 'closure', 'open', 'close', 'dot', 'bond'] as const

/** The tokens of a SMILES string that RDKit has accepted; null where it has something this tokeniser does not know. */
export function tokenizeSmiles(smiles: string): SmilesToken[] | null {
  const tokens: SmilesToken[] = []
  let end = 0
  for (const match of smiles.matchAll(TOKEN)) {
    end = match.index + match[0].length
    tokens.push({ kind: KINDS[match.slice(1).findIndex((group) => group !== undefined)]!, text: match[0] })
  }
  return end === smiles.length ? tokens : null
}

/** The SMILES part of what RDKit was given: it trims white space and takes what follows an inner space for a name or extensions. */
export const smilesPart = (text: string): { readonly core: string; readonly extended: boolean } => {
  let [start, stop] = [0, text.length]
  // loops: a pattern for space at the end is quadratic on space in the middle
  while (start < stop && isSpace(text.charCodeAt(start))) start++
  while (stop > start && isSpace(text.charCodeAt(stop - 1))) stop--
  const trimmed = text.slice(start, stop)
  const space = trimmed.search(/[ \t-\r]/)
  return { core: space < 0 ? trimmed : trimmed.slice(0, space), extended: space >= 0 && trimmed.includes('|', space) }
}
const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d)
