import { type Accuracy, accuracyOfColumns, type BootstrapSettings } from '../src/agreement/accuracy.ts'
import { allRows } from '../src/agreement/columns.ts'
import { placesIn } from './key-index.ts'
import type { Run } from './runs.ts'
import type { Aligned, Scorer } from './scorers.ts'

/** What the leaderboard rests on: only values on the same pairs can be ranked. */
export interface Ranking {
  /** Pairs, of those aligned, that every ranked model scored. */
  readonly rows: Int32Array
  /** Models that are not ranked, because too few pairs would be left for the others; with the reason. */
  readonly leftOut: ReadonlyMap<Scorer, string>
}

/** A model with less than this share of the pairs of the most complete one is left out of the ranking, so as not to take them from all. */
export const LEAST_SHARE = 0.5

/**
 * The pairs that all of the models scored. Models that scored under half as many as another are left out first; if no pair remains, the
 * one with the fewest scored, until one does.
 */
export function rankingOf({ pairs }: Aligned, models: readonly Scorer[]): Ranking {
  const scored = new Map(models.map((s) => [s, s.margin.reduce((n, m) => n + (Number.isNaN(m) ? 0 : 1), 0)] as const))
  const leftOut = new Map<Scorer, string>()
  const leave = (scorer: Scorer, why: string): void => {
    leftOut.set(scorer, `not ranked: scored ${scored.get(scorer)} of ${pairs.n} pairs, ${why}`)
  }
  const most = Math.max(0, ...scored.values())
  for (const scorer of models)
    if (scored.get(scorer)! < LEAST_SHARE * most) leave(scorer, `under half of the ${most} of another`)
  for (;;) {
    const ranked = models.filter((s) => !leftOut.has(s))
    const rows = allRows(pairs.n).filter((i) => ranked.every((s) => !Number.isNaN(s.margin[i])))
    if (rows.length > 0 || ranked.length < 2) return { rows: ranked.length === 0 ? new Int32Array(0) : rows, leftOut }
    leave(
      ranked.reduce((least, s) => (scored.get(s)! <= scored.get(least)! ? s : least)),
      'none of which all others scored',
    )
  }
}

/** A scorer on the ranked pairs and on all that it scored itself. */
export interface Ranked {
  /** On the ranked pairs; null values with the reason where it is not ranked. `missing` = pairs that it did not score. */
  readonly accuracy: Accuracy
  /** On every pair that it scored, of those that all runs have. */
  readonly own: Accuracy
}

/** Ensembles and baselines that lack a ranked pair are not ranked either. */
export function rankedAccuracy(
  { pairs }: Aligned,
  { rows, leftOut }: Ranking,
  scorer: Scorer,
  settings: BootstrapSettings,
): Ranked {
  const own = accuracyOfColumns(scorer.margin, pairs.cluster, allRows(pairs.n), settings)
  const lost = rows.reduce((n, i) => n + (Number.isNaN(scorer.margin[i]) ? 1 : 0), 0)
  const reason =
    leftOut.get(scorer) ??
    (rows.length === 0
      ? 'not ranked: there is no pair that all models scored'
      : lost > 0
        ? (scorer.absent ?? `not ranked: has no score for ${lost} of the ${rows.length} pairs`)
        : null)
  if (reason !== null) return { accuracy: unranked(own.missing, reason), own }
  if (rows.length === pairs.n) return { accuracy: own, own }
  return {
    accuracy: { ...accuracyOfColumns(scorer.margin, pairs.cluster, rows, settings), missing: own.missing },
    own,
  }
}

export const unranked = (missing: number, reason: string): Accuracy => ({
  strict: null,
  half: null,
  ties: 0,
  tie_rate: null,
  n: 0,
  missing,
  clusters: 0,
  ci: { strict: null, half: null, method: null },
  reason,
})

/**
 * Runs that can be compared on the pairs that all of them have, and those that would leave under half of them: a run of `--limit 10`
 * beside whole ones.
 */
export function comparable(runs: readonly Run[]): { readonly kept: readonly Run[]; readonly aside: readonly Run[] } {
  const most = runs.reduce((n, run) => Math.max(n, run.pairs.n), 0)
  const kept = runs.filter((run) => run.pairs.n >= LEAST_SHARE * most)
  return { kept, aside: runs.filter((run) => !kept.includes(run)) }
}

/**
 * Of each run, the pairs that all the others scored and it lacks or did not score: what it costs them, since only pairs that all scored
 * are compared.
 */
export function costsOf(runs: readonly Run[]): ReadonlyMap<string, number> {
  const costs = runs.map(() => 0)
  // what all but one scored, the first or the second did
  for (const [first, { pairs }] of runs.slice(0, runs.length < 2 ? 0 : 2).entries()) {
    const places = runs.map((run) => placesIn(pairs.key, run.pairs.key))
    const scored = (run: number, row: number): boolean => {
      const place = places[run]!(row)
      return place !== -1 && !Number.isNaN(runs[run]!.pairs.margin[place])
    }
    for (let row = 0; row < pairs.n; row++) {
      if (!scored(first, row) || (first === 1 && scored(0, row))) continue
      let [lacking, last] = [0, -1]
      for (let run = 0; run < runs.length && lacking < 2; run++)
        if (!scored(run, row)) {
          lacking++
          last = run
        }
      if (lacking === 1) costs[last]!++
    }
  }
  return new Map(runs.map(({ model }, run) => [model, costs[run]!]))
}
