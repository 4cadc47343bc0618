import { readList } from './lists.ts'
import type { Bound } from './numbers.ts'
import { type Noun, readCount, readNoun } from './phrases.ts'
import { ADVERBS, atEnd, type Draft, impliedAt, type Sentence, type Spoken } from './sentence.ts'
import { withUnread } from './spelling.ts'
import { readSpoken } from './spoken.ts'
import { countClaim } from './values.ts'

/** `there are six carbons in benzene`, `there is one ring in it` */
export function thereIs(s: Sentence): Draft[] | null {
  const { r } = s
  const from = r.i
  let leading: Spoken | null = null
  if (r.eat('in')) {
    leading = readSpoken(s)
    if (leading === null) return null
    r.eat(',')
  }
  if (!r.eatAll('there are') && !r.eatAll('there is')) return null
  r.eatAny(ADVERBS)
  if (leading !== null) return withUnread(s, leading, readList(s, leading))
  // what is counted comes before what it is counted in
  const counted: { count: number | null; bound: Bound; noun: Noun; from: number; to: number }[] = []
  for (;;) {
    const at = r.i
    const count = readCount(r)
    if (count === null && !r.eat('a', 'an')) return null
    const noun = readNoun(r)
    if (noun === null) return null
    counted.push({ count: count?.value ?? null, bound: count?.bound ?? 'at_least', noun, from: at, to: r.i })
    if (!(r.eatAll(', and') || r.eat('and', ','))) break
  }
  r.eat('present')
  let spoken: Spoken
  if (r.eat('in', 'within') || r.eatAll('present in')) {
    const found = readSpoken(s)
    if (found === null) return null
    spoken = found
  } else spoken = impliedAt(s, from)
  if (!atEnd(s, true)) return null
  const end = r.i
  const drafts = counted.map((one) => {
    r.i = one.to
    return countClaim(s, spoken, one.from, one.noun, one.count, one.bound)
  })
  r.i = end
  return [...spoken.drafts, ...drafts]
}

/** `six carbon atoms are present in benzene`, `a nitro group is found in it` */
export function presentIn(s: Sentence): Draft[] | null {
  const { r } = s
  const from = r.i
  const count = readCount(r)
  if (count === null && !r.eat('a', 'an')) return null
  const noun = readNoun(r)
  if (noun === null) return null
  const to = r.i
  if (!r.eat('is', 'are')) return null
  if (!(r.eatAll('present in') || r.eatAll('found in') || r.eatAll('contained in'))) return null
  const spoken = readSpoken(s)
  if (spoken === null || !atEnd(s, true)) return null
  const end = r.i
  r.i = to
  const draft = countClaim(s, spoken, from, noun, count?.value ?? null, count?.bound ?? 'at_least')
  r.i = end
  return withUnread(s, spoken, [draft])
}

/** `I count six carbons in benzene` */
export function weCount(s: Sentence): Draft[] | null {
  const { r } = s
  if (!r.eatAll('i count') && !r.eatAll('we count') && !r.eatAll('we have')) return null
  const from = r.i
  const count = readCount(r)
  const noun = count === null ? null : readNoun(r)
  if (count === null || noun === null || !r.eat('in', 'for')) return null
  const to = r.i - 1
  const spoken = readSpoken(s)
  if (spoken === null || !atEnd(s, true)) return null
  const end = r.i
  r.i = to
  const draft = countClaim(s, spoken, from, noun, count.value, count.bound)
  r.i = end
  return withUnread(s, spoken, [draft])
}
