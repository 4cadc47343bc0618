import { ModelError } from '../../errors.ts'
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

export async function probe(run: RunTexts, facts: ProbeFacts): Promise<Behaviour> {
  const ids = someIds(facts, LONG)
  // log-probabilities are of all tokens but the first; a head reads the last
  const text = (some: readonly number[]): Sequence => sequence(some, facts.causal ? 1 : some.length - 1)
  const short = text(ids.slice(0, SHORT))
  const long = text(ids)
  const other = text([...ids.slice(0, SHORT)].reverse())
  const alone = async (one: Sequence): Promise<Float32Array> => (await run([one]))[0]!
  const [ofShort, ofLong, ofOther] = [await alone(short), await alone(long), await alone(other)]
  for (const values of [ofShort, ofLong, ofOther])
    if (!values.every(Number.isFinite))
      throw new ModelError(`gives ${values.find((value) => !Number.isFinite(value))} for a text of ${SHORT} or ${LONG} tokens`, facts.where, 'The export is damaged, or its number format overflows: use another.')
  const same = (a: Float32Array, b: Float32Array): boolean => equal(a, b, facts.dtype)
  if (facts.causal && !same(ofShort, ofLong.slice(0, ofShort.length)))
    throw new ModelError(
      'gives other log-probabilities for the same tokens where text follows: it is not causal, so they are none of a completion',
      facts.where,
    )
  const together = async (a: Sequence, b: Sequence, ofA: Float32Array, ofB: Float32Array): Promise<boolean> => {
    const [first, second] = await run([a, b])
    return same(first!, ofA) && same(second!, ofB)
  }
  const batches =
    facts.rows === 1
      ? 'one by one'
      : (await together(short, long, ofShort, ofLong))
        ? 'padded'
        : (await together(short, other, ofShort, ofOther))
          ? 'equal lengths'
          : 'one by one'
  return { batches, rule: facts.pooled ? await poolingRule(alone, ids, facts.padTokenId, ofShort, same) : null }
}

/** Pad ids in the text, none masked, show which token is read. */
async function poolingRule(
  alone: (one: Sequence) => Promise<Float32Array>,
  ids: readonly number[],
  pad: number | null,
  ofShort: Float32Array,
  same: (a: Float32Array, b: Float32Array) => boolean,
): Promise<PoolingRule> {
  if (pad === null) return 'last'
  const start = ids.slice(0, SHORT)
  const text = (some: readonly number[]): Sequence => sequence(some, some.length - 1)
  if (!same(await alone(text([...start, pad])), ofShort)) return 'last'
  const goesOn = await alone(text([...start, pad, ...ids.slice(SHORT)]))
  return same(goesOn, ofShort) ? 'before the first pad' : 'rightmost not pad'
}

/** Index into ids of the token that the rule reads. @example placeOf('before the first pad', Int32Array.of(5, 6, 0, 7), 0) // 1 */
export function placeOf(rule: PoolingRule, ids: Int32Array, pad: number | null): number {
  const last = ids.length - 1
  if (pad === null || rule === 'last') return last
  if (rule === 'rightmost not pad') return Math.max(0, ids.findLastIndex((id) => id !== pad))
  const first = ids.indexOf(pad)
  return first <= 0 ? last : first - 1
}

/** Spread over the vocabulary; the same every time. */
function someIds({ vocab, padTokenId }: ProbeFacts, count: number): number[] {
  const usable = (id: number): number => (id === padTokenId ? (id + 1) % vocab : id)
  return Array.from({ length: count }, (_, i) => usable(Math.floor(((i + 0.5) * vocab) / count)))
}

const sequence = (ids: readonly number[], read: number): Sequence => ({
  ids: Int32Array.from(ids),
  typeIds: null,
  positionStart: 0,
  reads: Int32Array.of(read),
  group: 0,
})

/** Two runs of one text. The bound of a score against itself in another batch; of half-precision what its kernels differ by. */
function equal(a: Float32Array, b: Float32Array, dtype: FileDtype): boolean {
  const [absolute, relative] = dtype.includes('16') ? [2e-3, 2e-3] : [2e-5, 1e-5]
  return a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) <= absolute + relative * Math.abs(value))
}
