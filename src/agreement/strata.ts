import { bootstrapSums, clusterTotals } from '../stats/sums.ts'
import type { ScoredPair, Statistic } from '../types.ts'
import { smilesTraits, taggedAnswer } from './answer.ts'
import { MIN_PROMPTS } from './baselines.ts'
import { allRows, type Coded, clustersOf, coded, notAll, type PairColumns, rowsByCode, valuesOf } from './columns.ts'
import { FAULT_SCOPE, FORM_SCOPE, formLevel } from './faults.ts'
import { type BootstrapSettings, intervalOf, randomOf } from './intervals.ts'
import { binName, binOf, lengthBins, lengthDifference } from './length.ts'
import { accuracyStatistics, pairStatistics } from './pairs.ts'
import type { PairSample } from './sample.ts'
import { statistic } from './statistic.ts'

/** Below this many prompts a stratum is shown, but not read: the tables mark it. */
export const MIN_CLUSTERS = MIN_PROMPTS

/** A way to divide pairs. null = the pair belongs to no level. */
export interface Stratification {
  readonly name: string
  /** What the level says, with unit, for the code book. */
  readonly definition: string
  readonly level: (pair: ScoredPair) => string | null
  /** It is what the run is about: there though all pairs are of one level, and with the share that each level has. */
  readonly leads?: true
}

const STRATUM = 'stratum:'
const nameOf = (scope: string): string => scope.slice(STRATUM.length)

/** A column of the input as its cell in pairs.csv reads, so that `analyze` finds the same level there. */
const cellText = (value: unknown): string | null => {
  if (value === undefined || value === null || value === '') return null
  return typeof value === 'string' ? value : Object.is(value, -0) ? '-0' : JSON.stringify(value)
}
const traits = (pair: ScoredPair) => {
  const answer = taggedAnswer(pair.chosen.text)
  return answer === null ? null : smilesTraits(answer)
}
const bin = (value: number, edges: readonly number[]): string => {
  const i = edges.findIndex((e) => value <= e)
  if (i === -1) return `> ${edges[edges.length - 1]}`
  return i === 0 ? `≤ ${edges[0]}` : `${edges[i - 1]! + 1}–${edges[i]}`
}

/** The column of the input that pairs are divided by. */
export const DIVIDING_COLUMN = 'reject_kind'

export const STRATIFICATIONS: readonly Stratification[] = [
  {
    name: nameOf(FORM_SCOPE),
    definition: 'whether both answers are well-formed: in the format, and read by RDKit where a molecule is expected',
    level: formLevel,
    leads: true,
  },
  {
    name: nameOf(FAULT_SCOPE),
    definition: 'how the rejected answer fails (see "Why a rejected answer is wrong")',
    level: ({ fault }) => fault?.rejected ?? null,
    leads: true,
  },
  { name: 'problem_type', definition: "the row's problem type", level: (p) => p.problemType },
  {
    name: DIVIDING_COLUMN,
    definition: `how the rejected completion was made: the data's own column ${DIVIDING_COLUMN}, in its words`,
    level: (p) => cellText(p.extra[DIVIDING_COLUMN]),
  },
  {
    name: 'rejected_reason',
    definition: "verifiable_reason of the rejected completion, ether0's word",
    level: (p) => p.rejected.verifiableReason,
  },
  {
    name: 'smiles_length',
    definition:
      "characters of the chosen completion's answer, if it is a SMILES string; both ends of a level are in it",
    level: (p) => {
      const t = traits(p)
      return t === null ? null : bin(t.length, [10, 20, 40, 80])
    },
  },
  {
    name: 'stereo',
    definition: "whether the chosen answer's SMILES has stereo marks",
    level: (p) => {
      const t = traits(p)
      return t === null ? null : t.stereo ? 'yes' : 'no'
    },
  },
  {
    name: 'charge',
    definition: "whether the chosen answer's SMILES has a charged atom",
    level: (p) => {
      const t = traits(p)
      return t === null ? null : t.charged ? 'yes' : 'no'
    },
  },
  {
    name: 'rings',
    definition: "ring closures in the chosen answer's SMILES",
    level: (p) => {
      const t = traits(p)
      return t === null ? null : t.rings > 4 ? '5 or more' : String(t.rings)
    },
  },
]

const LENGTH_DIFFERENCE = 'length_difference'
const LENGTH_SIGN = 'length_sign'

/** What the levels of every stratum say, for the code book: also of those by length. */
export const STRATUM_MEANINGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(STRATIFICATIONS.map(({ name, definition }) => [name, definition])),
  [LENGTH_DIFFERENCE]:
    'characters (Unicode code points) by which the chosen completion is longer, below 0 where it is shorter, in quintiles of all pairs. Of `a … b` the upper end b is included and a is not: more than a, at most b; `≤ a`: at most a; `> b`: more than b',
  [LENGTH_SIGN]:
    'whether the chosen completion has fewer characters, as many or more: chosen shorter, equal length, chosen longer',
}

/** Settings of one level: levels are held against each other, so each has a stream of its own. */
const levelOf = (settings: BootstrapSettings, stratum: string, level: string): BootstrapSettings => ({
  ...settings,
  stream: `${stratum} ${level}`,
})

/** To which level of a stratum each pair belongs, as a column: what threads share. */
export interface Stratum extends Pick<Stratification, 'name' | 'leads'> {
  /** Levels as agreement.csv calls them; NO_LEVEL = none. */
  readonly levels: Coded
}
export const NO_LEVEL = '\0none'

/** The pairs of one level; `settings` are those of all levels. */
export interface StratumSample extends PairSample {
  readonly leads: boolean
}

/** The strata of pairs, but for those of their length. */
export const strataOf = (pairs: readonly ScoredPair[]): Stratum[] =>
  STRATIFICATIONS.map(({ name, leads, level }) => ({
    name,
    ...(leads === true && { leads }),
    levels: coded(
      pairs.map((pair) => level(pair) ?? NO_LEVEL),
      pairs.length,
    ),
  }))

/** Scope `stratum:<name>`, the level in the subset column, by the levels' names; a stratum of one level is left out, unless it leads. */
export function stratumSamples(
  { name, leads = false, levels }: Pick<Stratum, 'name' | 'levels'> & { readonly leads?: boolean },
  columns: PairColumns,
  settings: BootstrapSettings,
): StratumSample[] {
  const rows = rowsByCode(levels)
  const used = levels.names.flatMap((subset, c) =>
    subset === NO_LEVEL || rows[c]!.length === 0 ? [] : [{ subset: notAll(subset), rows: rows[c]! }],
  )
  if (used.length < (leads ? 1 : 2)) return []
  return used
    .sort((a, b) => (a.subset < b.subset ? -1 : 1))
    .map((level) => ({ ...level, columns, scope: STRATUM + name, settings, leads }))
}

/** Model and verifier on the pairs of one level. */
export const stratumStatistics = ({ leads, ...level }: StratumSample): Statistic[] => [
  ...(leads ? [shareOf(level)] : []),
  ...pairStatistics({ ...level, settings: levelOf(level.settings, nameOf(level.scope), level.subset) }),
]

/** The share that a level has of all pairs, scored or not; prompts are resampled. */
function shareOf({ columns, rows, scope, subset, settings }: PairSample): Statistic {
  const { cluster, clusters } = clustersOf(columns.cluster, allRows(columns.n))
  const inside = new Float64Array(clusters)
  for (const row of rows) inside[cluster[row]!] = inside[cluster[row]!]! + 1
  const { estimates, distributions } = bootstrapSums(
    [clusterTotals(cluster, clusters, () => 1), inside],
    1,
    (sums, out) => {
      out[0] = sums[1]! / sums[0]!
    },
    clusters < 2 ? 0 : settings.resamples,
    randomOf(settings),
  )
  const share = estimates[0]!
  const made = intervalOf(share, distributions[0]!, clusters, settings, true)
  return statistic({ scope, subset, n: columns.n, clusters }, 'pair_share', share, made, 'no_pairs')
}

/** Accuracy by quintile of the length difference and by its sign; pairs without lengths are of no level. */
export function lengthStrata(columns: PairColumns, settings: BootstrapSettings): Statistic[] {
  const difference = valuesOf(allRows(columns.n), (i) => lengthDifference(columns, i))
  const edges = lengthBins(difference)
  const table = (scope: string, labels: readonly string[], levelAt: (difference: number) => number): Statistic[] => {
    const code = new Int32Array(columns.n)
    for (let i = 0; i < code.length; i++)
      code[i] = Number.isNaN(difference[i]) ? labels.length : levelAt(difference[i]!)
    const rows = rowsByCode({ code, names: [...labels, NO_LEVEL] })
    return labels.flatMap((label, level) => {
      const place = { columns, rows: rows[level]!, scope, subset: label, settings: levelOf(settings, scope, label) }
      return place.rows.length === 0 ? [] : accuracyStatistics(columns.margin, place, '')
    })
  }
  const bins = Array.from({ length: edges.length + 1 }, (_, bin) => binName(edges, bin))
  return [
    ...table(STRATUM + LENGTH_DIFFERENCE, bins, (d) => binOf(edges, d)),
    ...table(STRATUM + LENGTH_SIGN, ['chosen shorter', 'equal length', 'chosen longer'], (d) => 1 + Math.sign(d)),
  ]
}
