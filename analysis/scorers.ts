import { randomScore } from '../src/agreement/baselines.ts'
import { allRows, type Coded, derived, filterRows, pick, valuesOf } from '../src/agreement/columns.ts'
import { DataError } from '../src/errors.ts'
import { mean, standardDeviation } from '../src/stats/index.ts'
import { placesIn } from './key-index.ts'
import { type Keys, PackedKeys } from './key-list.ts'
import { keyParts } from './keys.ts'
import { dtypeOf } from './run-identity.ts'
import { kindOf, type Run, type RunKind, type RunPairs } from './runs.ts'

/** Margins of one scorer on the pairs that a group of scorers shares, in one order. NaN = absent. */
export interface Scorer {
  readonly name: string
  readonly kind: RunKind | 'ensemble' | 'null'
  /** Number format, where run.json says. */
  readonly dtype?: string | null
  /** SHA-256 of a DPO policy's weights, where run.json says. */
  readonly policySha256?: string | null
  readonly margin: Float64Array
  /** Why it has no margins, where that is known. */
  readonly absent?: string
}
/** Runs of one data set, aligned on the pairs that all of them have. */
export interface Aligned {
  readonly dataset: string
  readonly pairs: RunPairs
  readonly scorers: readonly Scorer[]
  /** Pairs of each run that another run lacks. */
  readonly dropped: Readonly<Record<string, number>>
}

export { kindOf } from './runs.ts'

/** One id must mean one row: runs of different data under one name are an error, not a comparison. */
function checkSameRows(runs: readonly Run[], rows: readonly Int32Array[], shared: Keys): void {
  const subsetOf = (run: number, k: number): string => {
    const { subset } = runs[run]!.pairs
    return subset.names[subset.code[rows[run]![k]!]!]!
  }
  for (let run = 1; run < runs.length; run++) {
    for (let k = 0; k < shared.length; k++) {
      const [a, b] = [subsetOf(0, k), subsetOf(run, k)]
      if (a !== b)
        throw new DataError(
          `pair ${shared.at(k)!.split('\u0000')[0]} is of subset "${b}", but of "${a}" in ${runs[0]!.where}`,
          runs[run]!.where,
          'The two were made from different data; analyse them apart with --model or --dataset.',
        )
    }
  }
}

/** Weights in few bits, or in a byte each: their scores are another model's, however near. @example isQuantised('q8') // true */
export const isQuantised = (dtype: string | null | undefined): boolean => /\b(q\d|bnb|fp8)/.test(dtype ?? '')

/** @example markedName({ name: 'rm', dtype: 'q8' }) // 'rm [q8]' */
export const markedName = ({ name, dtype }: Pick<Scorer, 'name' | 'dtype'>): string =>
  isQuantised(dtype) ? `${name} [${dtype}]` : name

/** The pairs that every run has, in the first run's order; lengths, subsets and rewards are the first run's. */
export function align(dataset: string, runs: readonly Run[]): Aligned {
  const first = runs[0]!.pairs
  const positions = runs.map(({ pairs }) => placesIn(first.key, pairs.key))
  const inAll = filterRows(allRows(first.n), (row) => positions.every((place) => place(row) !== -1))
  const shared = inAll.length === first.n ? first.key : PackedKeys.of(Array.from(inAll, (row) => first.key.at(row)!))
  const rows = positions.map((place) => inAll.map((row) => place(row)))
  checkSameRows(runs, rows, shared)
  // rows that stand where they stood, as where one program wrote the runs, are not copied
  const inPlace = rows.map((places, i) => places.length === runs[i]!.pairs.n && places.every((row, k) => row === k))
  const from = (run: number, values: Float64Array): Float64Array => (inPlace[run]! ? values : pick(values, rows[run]!))
  const coded = ({ code, names }: Coded): Coded => ({ names, code: inPlace[0]! ? code : rows[0]!.map((i) => code[i]!) })
  // Rewards may stand in a later run only (a score file of RewardBench has none).
  const verified = Math.max(
    0,
    runs.findIndex((run) => run.pairs.chosenReward.some((v) => !Number.isNaN(v))),
  )
  return {
    dataset,
    pairs: {
      n: shared.length,
      key: shared,
      subset: coded(first.subset),
      cluster: coded(first.cluster),
      margin: from(0, first.margin),
      chosenScore: from(0, first.chosenScore),
      rejectedScore: from(0, first.rejectedScore),
      chosenReward: from(verified, runs[verified]!.pairs.chosenReward),
      rejectedReward: from(verified, runs[verified]!.pairs.rejectedReward),
      chosenChars: from(0, first.chosenChars),
      rejectedChars: from(0, first.rejectedChars),
      chosenTokens: from(0, first.chosenTokens),
      rejectedTokens: from(0, first.rejectedTokens),
      writers: first.writers && { chosen: coded(first.writers.chosen), rejected: coded(first.writers.rejected) },
    },
    scorers: runs.map((run, i) => ({
      name: run.model,
      kind: kindOf(run),
      dtype: dtypeOf(run),
      policySha256: run.identity?.weights.find(({ role }) => role === 'policy')?.sha256 ?? null,
      margin: from(i, run.pairs.margin),
    })),
    dropped: Object.fromEntries(runs.map((run) => [run.model, run.pairs.n - shared.length])),
  }
}

/** Baselines that need no text: lengths, a constant, the random number that a run draws for the completion too. */
export function baselineScorers({ pairs }: Pick<Aligned, 'pairs'>): Scorer[] {
  const rows = allRows(pairs.n)
  const of = (name: string, value: (i: number) => number): Scorer => ({
    name: `null:${name}`,
    kind: 'null',
    margin: valuesOf(rows, value),
  })
  const unknown = (scorer: Scorer): Scorer =>
    scorer.margin.some(Number.isNaN)
      ? { ...scorer, absent: 'not ranked: the lengths of some pairs are not known' }
      : scorer
  return [
    unknown(of('longest', (i) => pairs.chosenChars[i]! - pairs.rejectedChars[i]!)),
    unknown(of('shortest', (i) => pairs.rejectedChars[i]! - pairs.chosenChars[i]!)),
    of('constant', () => 0),
    { name: 'null:random', kind: 'null', margin: randomMargins(pairs.key) },
  ]
}

/** Runs on the same data have the same keys. */
const randomMargins = derived((keys: Keys): Float64Array => {
  const margins = new Float64Array(keys.length)
  let row = 0
  for (const key of keys) {
    const [id, rejected, chosen] = keyParts(key)
    margins[row++] = randomScore(id, 'chosen', chosen) - randomScore(id, 'rejected', rejected)
  }
  return margins
})

export type EnsembleMode = 'mean' | 'worst' | 'uncertainty'
export interface Ensemble extends Scorer {
  readonly members: readonly string[]
  readonly mode: EnsembleMode
}
/** Scores that do not vary have no z-score: such a model would leave every ensemble without a value. */
export const isConstant = ({ completions: { score } }: Run): boolean => {
  const first = score.find((v) => !Number.isNaN(v))
  return score.every((v) => Number.isNaN(v) || v === first)
}

/** Whether any completion has a score: under `--head all` none has. */
export const hasScores = ({ completions: { score } }: Run): boolean => score.some((v) => !Number.isNaN(v))

/** All combinations are swept up to this many models, else only the whole set. */
const SWEEP = 6

/**
 * HERM's offline ensembles: each model's scores as z-scores over its own run, then per completion the mean, the worst (least)
 * or mean − s.d. (sample s.d. of the members); the margin is that of the combined scores. Reward models and DPO models alike.
 * @param runs have every pair that is aligned
 */
export function ensembles({ pairs }: Aligned, runs: readonly Run[]): Ensemble[] {
  const models = runs.filter((run) => kindOf(run) !== 'verifier')
  if (models.length < 2) return []
  const standardised = models.map((run) => {
    const place = placesIn(pairs.key, run.pairs.key)
    const all = run.completions.score.filter((v) => !Number.isNaN(v))
    const [centre, spread] = [mean(all), standardDeviation(all)]
    const z = (values: Float64Array) =>
      valuesOf(allRows(pairs.n), (row) =>
        centre === null || spread === null || spread === 0 || !Number.isFinite(spread)
          ? Number.NaN
          : (values[place(row)]! - centre) / spread,
      )
    return { name: run.model, chosen: z(run.pairs.chosenScore), rejected: z(run.pairs.rejectedScore) }
  })
  const whole = standardised.map((_, i) => i)
  const groups =
    models.length <= SWEEP
      ? Array.from({ length: 2 ** models.length }, (_, mask) => whole.filter((i) => mask & (1 << i))).filter(
          (g) => g.length > 1,
        )
      : [whole]
  return groups.flatMap((group) =>
    (['mean', 'worst', 'uncertainty'] as const).map((mode): Ensemble => {
      const members = group.map((i) => standardised[i]!)
      const combine = (side: 'chosen' | 'rejected', row: number): number => {
        const values = members.map((m) => m[side][row]!)
        const average = values.reduce((s, v) => s + v, 0) / values.length
        if (mode === 'mean') return average
        if (mode === 'worst') return values.some(Number.isNaN) ? Number.NaN : Math.min(...values)
        return average - Math.sqrt(values.reduce((s, v) => s + (v - average) ** 2, 0) / (values.length - 1))
      }
      return {
        name: `ensemble:${mode}(${members.map((m) => m.name).join(' + ')})`,
        kind: 'ensemble',
        mode,
        members: members.map((m) => m.name),
        margin: Float64Array.from({ length: pairs.n }, (_, row) => combine('chosen', row) - combine('rejected', row)),
      }
    }),
  )
}
