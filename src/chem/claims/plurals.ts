import { checkGroup, checkIdentity, checkIsomers } from './checks.ts'
import { sameAttribute } from './comparisons.ts'
import { readList } from './lists.ts'
import { readAttribute, readNoun } from './phrases.ts'
import { ADVERBS, atEnd, type Draft, draftOf, type Sentence, type Spoken, spokenOf, wordsOf } from './sentence.ts'
import { readSpoken } from './spoken.ts'

const HAVE = ['have', 'contain', 'bear', 'possess', 'carry', 'include', 'feature', 'share']
const TOGETHER = /^(?:total|combined|together|altogether|respectively|overall|sum)$/
const SHARED = /^(?:total|combined|together|altogether|respectively|each|overall|sum)$/

/** `CCO and COC have the same formula`, `CCO and OCC are identical`, `both have the formula C2H6O`. */
export function pluralStatement(s: Sentence): Draft[] | null {
  const { r, scene } = s
  const from = r.i
  const pair = r.attempt(() => readPair(s))
  if (pair === null) r.eat('both')
  const a = pair?.[0] ?? readSpoken(s)
  if (a === null || !a.explicit || !(pair !== null || r.eat('and'))) return null
  if (s.tokens.slice(from).some(({ text }) => (pair === null ? SHARED : TOGETHER).test(text))) return null
  const b = pair?.[1] ?? readSpoken(s)
  if (b?.subject == null || !b.explicit || a.subject === null) return null
  const second = b.subject
  r.eatAny(ADVERBS)
  const beside = [...a.drafts, ...b.drafts]
  if (r.eat('are')) {
    r.eatAny(ADVERBS)
    const isomers =
      r.eatAll('constitutional isomers') || r.eatAll('structural isomers') || r.eatAll('positional isomers')
        ? ('constitutional' as const)
        : r.eat('stereoisomers')
          ? ('stereo' as const)
          : r.eat('enantiomers')
            ? ('enantiomer' as const)
            : r.eat('isomers')
              ? ('any' as const)
              : null
    if (isomers !== null) {
      r.eatAll('of each other') || r.eatAll('of one another')
      if (!atEnd(s)) return null
      return [
        ...beside,
        draftOf(s, 'isomers', a, from, wordsOf(s, from), (it) => checkIsomers(it, second, isomers, scene.mols)),
      ]
    }
    if (
      r.eat('identical', 'equivalent') ||
      r.eatAll('the same molecule') ||
      r.eatAll('the same compound') ||
      r.eatAll('the same structure') ||
      r.eatAll('the same')
    ) {
      r.eat('molecules', 'structures', 'compounds', 'smiles')
      if (!atEnd(s)) return null
      return [...beside, draftOf(s, 'identity', a, from, wordsOf(s, from), (it) => checkIdentity(it, second))]
    }
    return pluralClass(s, [a, b], beside)
  }
  if (r.eat('canonicalize', 'canonicalise') && r.eat('to')) {
    if (!(r.eatAll('the same smiles') || r.eatAll('the same canonical smiles') || r.eatAll('the same string')))
      return null
    r.eat('string')
    if (!atEnd(s)) return null
    return [...beside, draftOf(s, 'identity', a, from, wordsOf(s, from), (it) => checkIdentity(it, second))]
  }
  if (r.eat('represent', 'denote', 'describe', 'encode', 'correspond')) {
    r.eat('to')
    if (
      !(
        r.eatAll('the same molecule') ||
        r.eatAll('the same compound') ||
        r.eatAll('the same structure') ||
        r.eatAll('identical molecules')
      )
    )
      return null
    if (!atEnd(s)) return null
    return [...beside, draftOf(s, 'identity', a, from, wordsOf(s, from), (it) => checkIdentity(it, second))]
  }
  if (
    r.eatAll('share the same') ||
    r.eatAll('have the same') ||
    r.eatAll('both have the same') ||
    r.eatAll('share a')
  ) {
    const attribute = readAttribute(r)
    if (attribute === null || !atEnd(s)) return null
    const check = sameAttribute(attribute, second, scene)
    return check === null ? null : [...beside, draftOf(s, 'comparison', a, from, wordsOf(s, from), check)]
  }
  if (r.eatAny(HAVE) !== null || (pair !== null && r.eat('has', 'contains'))) {
    r.eatAny(ADVERBS)
    const at = r.i
    const first = readList(s, a)
    if (first === null) return null
    const end = r.i
    r.i = at
    const other = readList(s, b)
    r.i = end
    return other === null ? null : [...beside, ...first, ...other]
  }
  return null
}

/** `both molecules`, `the two SMILES`, `each`: the only two that were named. */
function readPair(s: Sentence): readonly [Spoken, Spoken] | null {
  const { r, scene } = s
  const from = r.i
  r.eat('the', 'these')
  if (!r.eat('both', 'two', 'each', 'they')) return null
  r.eatAll('of them') || r.eatAll('of these')
  r.eat('of')
  r.eat('the', 'these')
  r.eat('molecules', 'compounds', 'structures', 'smiles', 'strings', 'isomers', 'molecule', 'compound')
  r.eat('strings')
  if (!r.is('have', 'has', 'contain', 'contains', 'are', 'share', 'represent', 'describe', 'both', 'also')) return null
  const pair = scene.referents.pair(s.tokens[from]!.start)
  return pair === null ? null : [spokenOf(pair[0], from), spokenOf(pair[1], from)]
}

/** `ethanol and methanol are alcohols` */
function pluralClass(s: Sentence, both: readonly Spoken[], beside: readonly Draft[]): Draft[] | null {
  const { r, scene } = s
  const from = r.i
  const noun = readNoun(r)
  if (noun === null || !('group' in noun) || !noun.group.isClass || !/s$/.test(s.tokens[r.i - 1]!.text) || !atEnd(s))
    return null
  return [
    ...beside,
    ...both.map((spoken) =>
      draftOf(s, 'functional_group', spoken, from, wordsOf(s, from), (it) =>
        checkGroup(it, noun.group, null, 'at_least', scene.mols),
      ),
    ),
  ]
}
