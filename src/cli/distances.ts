import { taggedAnswer } from '../agreement/answer.ts'
import type { DistantPair } from '../agreement/invariance/sensitivity.ts'
import { extractAnswerLoose } from '../chem/ether0/answer.ts'
import { type Apart, apart } from '../chem/ether0/apart.ts'
import { wholeSmiles } from '../chem/ether0/whole.ts'
import { Toolkit } from '../chem/toolkit/toolkit.ts'
import type { Joined } from '../collect.ts'
import { plain } from '../plain-text.ts'
import type { Row, ScoredCompletion, SolutionInput } from '../types.ts'

/** Pairs of which molecules are compared; 1–2 ms each. */
const MAX_PAIRS = 20_000

/** The column of the input that gives a pair's 1 − Tanimoto. */
export const DISTANCE_COLUMN = 'distance'

/** Compares two answers, each given as the SMILES strings that it may stand for. */
export type Comparing = (a: readonly string[], b: readonly string[]) => Promise<Apart | null>

/**
 * The distances of pairs, asked of the verification's workers as the rows come, so that they are there when the model is done. Three facts and
 * the answers are kept of each distinct pair of answers, of 20,000 at the most; of more pairs none is wanted, and all are forgotten.
 */
export class DistancesAhead {
  readonly #ask: Comparing
  readonly #largest: number
  readonly #known = new Map<string, Promise<Apart | null>>()
  #pairs = 0

  constructor(ask: Comparing, largest = MAX_PAIRS) {
    this.#ask = ask
    this.#largest = largest
  }

  /** Asks for the pairs of a row. */
  push({ kind, completions, solution }: Pick<Row, 'kind' | 'completions' | 'solution'>): void {
    if (kind !== 'pair' || this.#pairs > this.#largest) return
    const of = (wanted: string): string[] =>
      completions.filter(({ role }) => role === wanted).map(({ text }) => plain(text))
    const rejected = of('rejected').map((text) => candidatesOf(text, solution))
    const chosen = of('chosen').map((text) => candidatesOf(text, solution))
    this.#pairs += chosen.length * rejected.length
    if (this.#pairs > this.#largest) return this.#known.clear()
    for (const a of chosen) for (const b of rejected) void this.#asked(a, b)
  }

  /** What was asked for already, or a question of its own. */
  readonly between: Comparing = (a, b) => this.#asked(a, b)

  /** What was asked for already; null where it was not, or there is no answer. */
  readonly known: Comparing = async (a, b) =>
    [...a, ...b].some((text) => /\s/.test(text)) ? null : ((await this.#known.get(keyOf(a, b))) ?? null)

  #asked(a: readonly string[], b: readonly string[]): Promise<Apart | null> {
    if (a.length === 0 || b.length === 0) return Promise.resolve(null)
    const key = keyOf(a, b)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const asked = this.#ask(a, b)
    this.#known.set(key, asked)
    // after a Ctrl-C nobody waits for it any more
    asked.catch(() => {})
    return asked
  }
}

/** No answer has white space in it. */
const keyOf = (a: readonly string[], b: readonly string[]): string => `${a.join(' ')}\n${b.join(' ')}`

/** On this thread, one after the other: an RDKit that one pair broke, or that has grown too large, is replaced before the next. */
function comparingHere(): Comparing {
  let last: Promise<unknown> = Promise.resolve()
  return (a, b) => {
    const found = last.then(async () => apart(a, b, await Toolkit.shared()))
    last = found.catch(() => {})
    return found
  }
}

/** How far the answers of pairs, and of originals and changed completions, are apart. */
export interface Distances {
  readonly pairs: readonly DistantPair[]
  /** What to tell the user; null where there is nothing. */
  readonly note: string | null
}

/**
 * Of every pair the chemical distance of its two answers, computed from the texts: 1 − Tanimoto and edit steps. An answer that is the rest
 * of a molecule stands for the whole one. A pair of the data with a
 * `distance` keeps that number as its 1 − Tanimoto. Groups whose completions say how they were made give a pair of the original and
 * each changed completion that the verifier does not rank as high. Beyond 20,000 such pairs only the given distances are used.
 * @param compare who compares the answers; default: RDKit of this thread
 */
export async function distancesOf(
  { pairs, groups, solutions }: Pick<Joined, 'pairs' | 'groups' | 'solutions'>,
  { compare = comparingHere(), largest = MAX_PAIRS }: { readonly compare?: Comparing; readonly largest?: number } = {},
): Promise<Distances> {
  const couples = [
    ...pairs.map(({ chosen, rejected, margin, subset, cluster, extra: { [DISTANCE_COLUMN]: given } }) => ({
      chosen,
      rejected,
      margin,
      subset,
      cluster,
      given: typeof given === 'number' && Number.isFinite(given) ? given : null,
    })),
    ...groups.flatMap(({ completions, subset, cluster }) => {
      const known = completions.filter(({ variant }) => variant !== undefined)
      const original = known.find(({ variant }) => variant!.transformation === 'original') ?? known[0]
      if (original === undefined) return []
      return known
        .filter((one) => one !== original && !one.variant!.same && isBelow(one, original))
        .map((rejected) => ({
          chosen: original,
          rejected,
          margin: original.score === null || rejected.score === null ? null : original.score - rejected.score,
          subset,
          cluster,
          given: null,
        }))
    }),
  ]
  const all = couples.length <= largest
  const between = all
    ? await Promise.all(
        couples.map(({ chosen, rejected }) => {
          const solution = solutions.get(chosen.id) ?? null
          return compare(candidatesOf(chosen.text, solution), candidatesOf(rejected.text, solution))
        }),
      )
    : null
  return {
    pairs: couples.map(({ subset, cluster, margin, given }, i) => ({
      subset,
      cluster,
      margin,
      tanimoto: given ?? farness(between?.[i]),
      edits: between?.[i]?.edits ?? null,
    })),
    note: all
      ? null
      : `there are more than ${largest.toLocaleString('en-US')} pairs: chemical distances are not computed, and only the column "distance" of the data is read`,
  }
}

/** 1 − Tanimoto similarity. */
const farness = (apart: Apart | null | undefined): number | null => (apart == null ? null : 1 - apart.similarity)

/** Not another right answer. */
const isBelow = (one: ScoredCompletion, original: ScoredCompletion): boolean =>
  one.verifiableStatus === 'unverifiable' ||
  original.verifiableStatus === 'unverifiable' ||
  (one.verifiableReward ?? 0) < (original.verifiableReward ?? 0)

/** SMILES strings that a completion may stand for, the likeliest first; none where it answers with no molecule. */
function candidatesOf(text: string, solution: SolutionInput | null): readonly string[] {
  const answer = taggedAnswer(text) ?? (extractAnswerLoose(text) || text.trim())
  return answer === '' || /\s/.test(answer) ? [] : wholeSmiles(answer, solution)
}
