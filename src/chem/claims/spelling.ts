import { checkSmiles, readOrNull } from './checks.ts'
import { Reader } from './reader.ts'
import { ADVERBS, atEnd, type Draft, type Sentence, type Spoken, speaksOfSpelling } from './sentence.ts'
import { hasSmilesShape } from './smiles-shape.ts'

/** `SMILES: CCO`, `CCO is a valid SMILES`, `the SMILES c1ccccc is invalid` */
export function smilesLine(s: Sentence): Draft[] | null {
  const { r, scene } = s
  const from = r.i
  r.eat('the', 'this')
  r.eatAll('smiles string') || r.eat('smiles', 'string')
  r.eat(':')
  const token = r.peek()
  if (token === undefined || token.kind === 'mark' || token.kind === 'number' || token.isName) return null
  if (!hasSmilesShape(token.raw) && !(/[()[\]=#\d]/.test(token.raw) && /[CcNnOo]/.test(token.raw))) return null
  r.i++
  const claimed = validity(s)
  if (claimed === null) return null
  const what = claimed.what
  if (what === 'molecule' && readOrNull(token.raw, scene.mols) === null && !hasSmilesShape(token.raw)) return null
  const finding = checkSmiles(token.raw, claimed.valid, scene.mols)
  return [{ kind: 'smiles', from, to: r.i, subject: token.raw, stated: claimed.valid ? 'valid' : 'invalid', finding }]
}

function validity(s: Sentence): { valid: boolean; what: 'smiles' | 'molecule' } | null {
  const { r } = s
  if (r.eatAll('parses') || r.eatAll('can be parsed')) {
    r.eat('correctly', 'successfully', 'fine', 'properly', 'cleanly')
    r.eatAll('without errors')
    r.eatAll('as a valid molecule')
    r.eatAll('in rdkit')
    return atEnd(s) ? { valid: true, what: 'smiles' } : null
  }
  if (!r.eat('is')) return null
  r.eatAny(ADVERBS)
  r.eat('a', 'an')
  r.eat('syntactically', 'chemically', 'perfectly')
  let valid: boolean
  if (r.eat('valid', 'parsable', 'parseable')) valid = true
  else if (r.eat('invalid', 'unparsable', 'unparseable', 'malformed')) valid = false
  else if (r.is('smiles')) valid = true
  else return null
  const isMolecule = r.eat('molecule', 'structure', 'compound')
  if (!isMolecule) {
    r.eat('canonical')
    r.eat('smiles')
    r.eat('string', 'notation', 'representation')
  }
  return atEnd(s) ? { valid, what: isMolecule ? 'molecule' : 'smiles' } : null
}

/** A string that the text calls a SMILES and RDKit cannot read is a wrong claim by itself. */
export function unreadSmiles(s: Sentence, spoken: Spoken): Draft[] {
  if (spoken.smiles === null || spoken.subject !== null || speaksOfSpelling(s)) return []
  return [
    {
      kind: 'smiles',
      from: spoken.from,
      to: placeOf(s, spoken) + 1,
      subject: spoken.smiles,
      stated: spoken.smiles,
      finding: checkSmiles(spoken.smiles, true, s.scene.mols),
    },
  ]
}

function placeOf(s: Sentence, { from, smiles }: Spoken): number {
  const at = s.tokens.findIndex(({ raw }, i) => i >= from && raw === smiles)
  return at < 0 ? from : at
}

export function withUnread(s: Sentence, spoken: Spoken, drafts: readonly Draft[] | null): Draft[] | null {
  return drafts === null ? null : [...unreadSmiles(s, spoken), ...spoken.drafts, ...drafts]
}

/** `we start from the SMILES c1ccc`: a string that the text calls a SMILES, and RDKit cannot read, is a wrong claim. */
export function misspelled(s: Sentence, known: readonly Draft[]): Draft[] {
  const found: Draft[] = []
  if (speaksOfSpelling(s)) return found
  for (const [i, { text, kind }] of s.tokens.entries()) {
    if (kind !== 'word' || text !== 'smiles') continue
    const r = new Reader(s.tokens, i + 1)
    r.eat('string', 'notation', 'representation', 'code')
    r.eat(':', 'is')
    const token = r.peek()
    if (token === undefined || token.kind === 'mark' || token.kind === 'number' || token.molecule !== null) continue
    if (known.some(({ from, to }) => from <= r.i && r.i < to) || !hasSmilesShape(token.raw)) continue
    if (!/[()[\]=#\d]/.test(token.raw) || readOrNull(token.raw, s.scene.mols) !== null) continue
    const finding = checkSmiles(token.raw, true, s.scene.mols)
    found.push({ kind: 'smiles', from: i, to: r.i + 1, subject: token.raw, stated: token.raw, finding })
  }
  return found
}
