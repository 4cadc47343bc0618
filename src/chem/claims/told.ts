import type { Sentence, Spoken } from './sentence.ts'
import type { Subject } from './subject.ts'

const RESULTS = new Set('new modified resulting edited final'.split(' '))
const ORIGINALS = new Set('original starting initial source given input parent'.split(' '))
const MOLECULE_NOUNS = new Set('molecule compound structure smiles'.split(' '))
const SAID = new Set('has is contains bears features includes consists carries possesses'.split(' '))

/** `the product`, `the new molecule`, `the original molecule`, `the first SMILES`, `the latter`: of those named before. */
export function toldBefore(s: Sentence): Spoken | null {
  const { r, scene } = s
  const from = r.i
  if (!r.eat('the')) return null
  const place = s.tokens[from]!.start
  const asSpoken = (subject: Subject | null): Spoken => ({
    subject,
    reason: subject === null ? 'it does not tell which molecule is meant' : null,
    smiles: null,
    drafts: [],
    from,
    explicit: false,
  })
  const next = (): string => r.peek()?.text ?? ''
  const isSaid = (): boolean =>
    SAID.has(next()) || r.is("'s") || (/^(?:still|now|also|then|thus)$/.test(next()) && SAID.has(r.peek(1)?.text ?? ''))
  const word = next()
  r.i++
  const noun = MOLECULE_NOUNS.has(next())
  if (word === 'product' || (RESULTS.has(word) && (noun || next() === 'product'))) {
    if (word !== 'product') r.i++
    return isSaid() ? asSpoken(scene.referents.product(place)) : null
  }
  if (ORIGINALS.has(word) && noun) {
    r.i++
    return isSaid() ? asSpoken(scene.referents.original()) : null
  }
  const index = word === 'first' || word === 'former' ? 0 : word === 'second' || word === 'latter' ? 1 : null
  if (index === null) return null
  if (noun || next() === 'one' || next() === 'string') r.i++
  return isSaid() ? asSpoken(scene.referents.pair(place)?.[index] ?? null) : null
}
