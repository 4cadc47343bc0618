import { ModelError } from '../../errors.ts'
import { below, prng } from '../../prng.ts'
import type { FileDtype, Sequence } from '../../types.ts'

/**
 * What an export does with padding and where it reads, found by running it: neither is written in the file. Texts that stand in one
 * batch must give what each gives alone, or they are not put in one batch.
 */
export interface Behaviour {
  /** Texts of any length in one run, padded; only texts of equal length; or each in a run of its own. */
  readonly batches: 'padded' | 'equal lengths' | 'one by one'
  /** Which token a decoder's head, which is inside the export, reads; null where it is not inside, or reads the whole text. */
  readonly rule: PoolingRule | null
}

/** The rightmost id that is not the pad id (transformers since 2025); the one before the first pad id (before); the last. */
export type PoolingRule = 'rightmost not pad' | 'before the first pad' | 'last'

/** Runs texts in one batch, padded; one list of numbers for each. */
export type RunTexts = (texts: readonly Sequence[]) => Promise<Float32Array[]>

export interface ProbeFacts {
  readonly where: string
  readonly vocab: number
  readonly padTokenId: number | null
  readonly dtype: FileDtype
  readonly causal: boolean
  /** Whether a decoder's head is inside the export. */
  readonly pooled: boolean
  /** Most texts of a run. */
  readonly rows: 1 | null
}

/** Lengths of the texts that are tried. */
const [SHORT, LONG] = [8, 11]
/** How many short ones: what is exact shows in two. */
const TEXTS = { exact: 2, quantised: 8 } as const
/**
 * Of the variance between texts: below it, numbers that quantised activations move (by what else is in the batch or the text) count as
 * the same. Another token read, or padding seen, gives about twice the variance itself.
 */
const MOVED = 0.1

export async function probe(run: RunTexts, facts: ProbeFacts): Promise<Behaviour> {
  // log-probabilities are of all tokens but the first; a head reads the last
  const text = (ids: readonly number[]): Sequence => sequence(ids, facts.causal ? 1 : ids.length - 1)
  const alone = async (ids: readonly number[]): Promise<Float32Array> => (await run([text(ids)]))[0]!
  const each = async (texts: readonly (readonly number[])[]): Promise<Float32Array[]> => {
    const results: Float32Array[] = []
    for (const ids of texts) results.push(await alone(ids))
    return results
  }
  const quantised = facts.dtype.startsWith('q')
  const count = TEXTS[quantised ? 'quantised' : 'exact']
  const short = Array.from({ length: count }, (_, i) => someIds(facts, SHORT, i))
  const long = someIds(facts, LONG, count)
  const end = long.slice(SHORT)
  const ofShort = await each(short)
  const ofLong = await alone(long)
  for (const values of [...ofShort, ofLong])
    if (!values.every(Number.isFinite))
      throw new ModelError(
        `gives ${values.find((value) => !Number.isFinite(value))} for a text of ${SHORT} or ${LONG} tokens`,
        facts.where,
        'The export is damaged, or its number format overflows: use another.',
      )
  const same = (a: Float32Array, b: Float32Array): boolean => sameNumbers(a, b, facts.dtype)
  const unmoved = (now: readonly Float32Array[]): boolean =>
    ofShort.every((values, i) => same(values, now[i]!)) || (quantised && moved(ofShort, now) <= MOVED)

  if (facts.causal) {
    const followed = await each(short.map((ids) => [...ids, ...end]))
    if (!unmoved(followed.map((values, i) => values.slice(0, ofShort[i]!.length))))
      throw new ModelError(
        'gives other log-probabilities for the same tokens where text follows: it is not causal, so they are none of a completion',
        facts.where,
      )
  }
  const together = async (other: readonly number[], ofOther: Float32Array): Promise<boolean> => {
    const [first, second] = await run([text(short[0]!), text(other)])
    return same(first!, ofShort[0]!) && same(second!, ofOther)
  }
  const batches =
    facts.rows === 1
      ? 'one by one'
      : (await together(long, ofLong))
        ? 'padded'
        : (await together(short[1]!, ofShort[1]!))
          ? 'equal lengths'
          : 'one by one'
  if (!facts.pooled || facts.padTokenId === null) return { batches, rule: facts.pooled ? 'last' : null }

  // pad ids in the text, none of them masked, show which token is read
  const pad = facts.padTokenId
  if (!unmoved(await each(short.map((ids) => [...ids, pad])))) return { batches, rule: 'last' }
  const goesOn = await each(short.map((ids) => [...ids, pad, ...end]))
  return { batches, rule: unmoved(goesOn) ? 'before the first pad' : 'rightmost not pad' }
}

/** Index into ids of the token that the rule reads. @example placeOf('before the first pad', Int32Array.of(5, 6, 0, 7), 0) // 1 */
export function placeOf(rule: PoolingRule, ids: Int32Array, pad: number | null): number {
  const last = ids.length - 1
  if (pad === null || rule === 'last') return last
  if (rule === 'rightmost not pad')
    return Math.max(
      0,
      ids.findLastIndex((id) => id !== pad),
    )
  const first = ids.indexOf(pad)
  return first <= 0 ? last : first - 1
}

/** Seeded noise over the vocabulary, without the pad id. */
function someIds({ vocab, padTokenId }: ProbeFacts, count: number, seed: number): number[] {
  const draw = prng(seed)
  return Array.from({ length: count }, () => {
    const id = below(draw, vocab)
    return id === padTokenId ? (id + 1) % vocab : id
  })
}

const sequence = (ids: readonly number[], read: number): Sequence => ({
  ids: Int32Array.from(ids),
  typeIds: null,
  positionStart: 0,
  reads: Int32Array.of(read),
  group: 0,
})

/** Two runs of one text. The bound of a score against itself in another batch; of half-precision what its kernels differ by. */
export function sameNumbers(a: Float32Array, b: Float32Array, dtype: FileDtype): boolean {
  const [absolute, relative] = dtype.includes('16') ? [2e-3, 2e-3] : [2e-5, 1e-5]
  return (
    a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) <= absolute + relative * Math.abs(value))
  )
}

/** Σ (now − before)² over Σ (before − mean)², over texts, of all numbers together. */
function moved(before: readonly Float32Array[], now: readonly Float32Array[]): number {
  let [change, variance] = [0, 0]
  for (const n of before[0]!.keys()) {
    const mean = before.reduce((sum, values) => sum + values[n]!, 0) / before.length
    for (const [i, values] of before.entries()) {
      change += (now[i]![n]! - values[n]!) ** 2
      variance += (values[n]! - mean) ** 2
    }
  }
  return change / variance
}
