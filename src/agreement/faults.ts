import { linesWhere, type StatisticLines } from '../statistic-lines.ts'
import type { Fault, ScoredPair, Statistic } from '../types.ts'

/** From this Tanimoto similarity on (Morgan, radius 2, 2,048 bits) a wrong molecule is a near miss. */
export const NEAR_MISS_TANIMOTO = 0.4
/** Up to this `formula_diff` of ether0 a wrong formula is a near miss: that of one CH2 more or less, √(1² + 2²). */
export const NEAR_MISS_FORMULA = Math.sqrt(5)

/** Scope of agreement.csv with the pairs by how the rejected answer fails, levels in `FAULTS`. */
export const FAULT_SCOPE = 'stratum:rejected_fault'
/** Scope of agreement.csv with the pairs by whether both answers are well-formed. */
export const FORM_SCOPE = 'stratum:well_formed'
/** Levels of FORM_SCOPE. */
export const WELL_FORMED = 'both'
export const NOT_WELL_FORMED = 'not both'

/** Levels of FAULT_SCOPE, those in which both answers can be read first, the hardest at the head. */
export const FAULTS = [
  'near_miss',
  'wrong',
  'wrong_or_near_miss',
  'implausible',
  'right',
  'invalid',
  'format',
  'no_verdict',
] as const satisfies readonly Fault[]

/** What people read in place of a level, and what it says. */
export const FAULT_MEANINGS: Readonly<Record<Fault, { readonly title: string; readonly definition: string }>> = {
  near_miss: {
    title: 'near miss',
    definition: `wrong, and close to the chosen answer: as molecules a Tanimoto similarity of at least ${NEAR_MISS_TANIMOTO} (Morgan, radius 2, 2,048 bits) or the same molecular formula; as formulas ether0's formula_diff of at most √5, one CH2`,
  },
  wrong: { title: 'wrong', definition: 'well-formed, not what is asked for, and not close to the chosen answer' },
  wrong_or_near_miss: {
    title: 'wrong or near miss',
    definition: 'well-formed and not what is asked for; too many pairs to compare their molecules, or too large ones',
  },
  implausible: {
    title: 'implausible',
    definition:
      "a molecule that ether0's filters refuse (failed_ring_check, failed_reos_check, failed_counterion_check)",
  },
  right: {
    title: 'not wrong',
    definition: 'the verifier passes the rejected answer, too',
  },
  invalid: {
    title: 'invalid',
    definition:
      "an answer is there, but a molecule or reaction is expected and RDKit reads none: valence, aromaticity, brackets, other text (ether0's invalid_mol or invalid_rxn; or the chosen answer is a SMILES string of over 3 characters and this is none)",
  },
  format: { title: 'format', definition: "no answer in the format that the run's extraction asks for" },
  no_verdict: { title: 'no verdict', definition: 'unverifiable: nothing is known of its fault' },
}

const BOTH_MEANING = {
  title: 'both well-formed',
  definition: 'both answers are in the format, and RDKit reads them where a molecule or a reaction is expected',
}

/** Of a pair, its level of FORM_SCOPE; null where one of the two has no verdict, or none was sought. */
export const formLevel = ({ fault }: Pick<ScoredPair, 'fault'>): string | null =>
  fault == null || fault.wellFormed === null ? null : fault.wellFormed ? WELL_FORMED : NOT_WELL_FORMED

/** Accuracy of the pairs of one level, as agreement.csv has it. */
export interface FaultLine {
  readonly level: 'both_well_formed' | Fault | 'all'
  readonly title: string
  /** One sentence; null for all pairs. */
  readonly definition: string | null
  /** Share of all pairs, scored or not. Null for all of them. */
  readonly share: Statistic | null
  /** Scored pairs are its `n`. */
  readonly strict: Statistic
  readonly half: Statistic
}

/**
 * Accuracy by why the rejected answer is wrong: the headline stratum (both answers well-formed), its parts, the other pairs, all. One record
 * for the screen, the tables, summary.json and the pages, from the lines of agreement.csv. Empty where no verdict says why.
 */
export function accuracyByFault(statistics: StatisticLines): FaultLine[] {
  const found = new Map<string, Statistic>()
  const own = linesWhere(
    statistics,
    ({ scope, subset }) => scope === FAULT_SCOPE || scope === FORM_SCOPE || (scope === 'pairs' && subset === 'all'),
  )
  for (const line of own) found.set(`${line.scope} ${line.subset} ${line.statistic}`, line)
  const lineOf = (words: Pick<FaultLine, 'level' | 'title' | 'definition'>, scope: string, subset: string) => {
    const of = (name: string): Statistic | undefined => found.get(`${scope} ${subset} ${name}`)
    const [strict, half] = [of('accuracy_strict'), of('accuracy_half')]
    if (strict === undefined || half === undefined) return []
    const line: FaultLine = { ...words, share: of('pair_share') ?? null, strict, half }
    return [line]
  }
  const parts = FAULTS.flatMap((level) => lineOf({ level, ...FAULT_MEANINGS[level] }, FAULT_SCOPE, level))
  if (parts.every(({ level }) => level === 'no_verdict')) return []
  return [
    ...lineOf({ level: 'both_well_formed', ...BOTH_MEANING }, FORM_SCOPE, WELL_FORMED),
    ...parts,
    ...lineOf({ level: 'all', title: 'all pairs', definition: null }, 'pairs', 'all'),
  ]
}

/** Levels in which the rejected answer is well-formed: parts of the headline stratum, where no chosen answer is malformed. */
const PARTS: ReadonlySet<FaultLine['level']> = new Set<Fault>([
  'near_miss',
  'wrong',
  'wrong_or_near_miss',
  'implausible',
  'right',
])
const pairsOf = ({ half }: FaultLine): number => half.n + half.missing

/** Whether a line is a part of the headline stratum, which the parts then add up to. */
export function isPart(line: FaultLine, lines: readonly FaultLine[]): boolean {
  const both = lines.find(({ level }) => level === 'both_well_formed')
  if (both === undefined || !PARTS.has(line.level)) return false
  const parts = lines.filter(({ level }) => PARTS.has(level))
  return parts.reduce((sum, part) => sum + pairsOf(part), 0) === pairsOf(both)
}
