import { readOrNull } from './checks.ts'
import { readFormula } from './phrases.ts'
import { type Sentence, type Spoken, spokenOf } from './sentence.ts'
import { hasSmilesShape } from './smiles-shape.ts'
import { formulaSubject, moleculeSubject } from './subject.ts'
import { AFTER_NAMES, standsForFormula } from './tokens.ts'

/** `benzene, which has`: the molecule right before. */
export function relativeAt(s: Sentence, from: number): Spoken | null {
  let k = from - 1
  if (s.tokens[k]?.text === ',') k--
  const token = s.tokens[k]
  if (token === undefined) return null
  if (standsForFormula(token)) return spokenOf(formulaSubject(token.raw, token.formula!), from)
  if (token.molecule === null) return null
  const before = s.tokens[k - 1]
  if (before !== undefined && /^(?:of|from|with|and)$/.test(before.text)) return null
  return spokenOf(moleculeSubject(token.raw, token.molecule), from)
}

export function readNamed(s: Sentence, from: number, isSmiles: boolean, isFormula: boolean): Spoken | null {
  const { r, scene } = s
  const token = r.peek()
  if (token === undefined || token.kind === 'mark' || token.kind === 'number') return null
  const next = r.peek(1)
  if (next?.kind === 'word' && AFTER_NAMES.has(next.text)) return null
  if (isSmiles && !token.isName) {
    if (!hasSmilesShape(token.raw) && !/[()[\]=#\d]/.test(token.raw)) return null
    if (token.kind === 'word' && !token.quoted && /^[a-z-]{2,}$/.test(token.raw)) return null
    r.i++
    const molecule = readOrNull(token.raw, scene.mols)
    if (molecule === null)
      return {
        subject: null,
        reason: `${token.raw} is no SMILES that RDKit can read`,
        smiles: token.raw,
        drafts: [],
        from,
        explicit: true,
      }
    return { ...spokenOf(moleculeSubject(token.raw, molecule), from), smiles: token.raw }
  }
  if (isFormula) {
    const formula = readFormula(r)
    return formula === null ? null : spokenOf(formulaSubject(formula.token.raw, formula.composition), from)
  }
  if (token.molecule !== null) {
    // "a phenol has" speaks of a class
    const isClass = token.isName && /^an?$/.test(s.tokens[r.i - 1]?.text ?? '')
    if (isClass && next?.text !== 'molecule') return null
    r.i++
    if (next?.kind === 'word' && next.text === 'molecule') r.i++
    return {
      ...spokenOf(moleculeSubject(token.raw, token.molecule), from),
      smiles: token.isName ? null : token.raw,
    }
  }
  if (standsForFormula(token)) {
    r.i++
    return spokenOf(formulaSubject(token.raw, token.formula!), from)
  }
  return null
}
