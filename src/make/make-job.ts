import { distance as levenshtein } from 'fastest-levenshtein'
import { accuracyRewardWith } from '../chem/ether0/accuracy.ts'
import { unreasonable } from '../chem/ether0/reasonable.ts'
import { tanimotoSimilarity } from '../chem/ether0/similarity.ts'
import { ToolkitFailure } from '../chem/toolkit/molecule.ts'
import { characters } from '../plain-text.ts'
import { namedPrng } from '../prng.ts'
import type { Oracles, Verdict } from '../types.ts'
import type { Drop, MadePair, MakeJob, MakeResult } from './jobs.ts'
import type { Contrast, Kind } from './kind.ts'
import { KINDS } from './kinds/index.ts'
import { flatOf } from './mentioned.ts'
import type { MakerChemistry } from './problems/builder.ts'
import { subjectOf } from './subject.ts'
import { orient } from './texts.ts'

/** Contrasts of one kind that are verified before the subject is given up for it. */
const MOST_TRIES = 6
/** The reasons of ether0's that rest on filters which stand in for its own: a pair must not hang on them. */
export const STAND_IN_REASONS: ReadonlySet<string> = new Set([
  'failed_ring_check',
  'failed_reos_check',
  'not_purchasable',
])

/** The first pair that one of the kinds makes of the subject and the verifier agrees with; and what was dropped on the way. */
export async function makeOne(
  job: Extract<MakeJob, { kind: 'make' }>,
  chemistry: MakerChemistry,
  oracles: Oracles,
): Promise<Extract<MakeResult, { kind: 'make' }>> {
  const drops: Drop[] = []
  const result = (pair: MadePair | null, unreadable: string | null = null) =>
    ({ kind: 'make', pair, drops, unreadable }) as const
  const random = namedPrng(job.seed, job.stream)
  try {
    const subject = subjectOf(job.input, job.builders, chemistry, random)
    if (typeof subject === 'string') return result(null, subject)
    for (const name of job.kinds) {
      const kind = KINDS.get(name)!
      let tries = 0
      for (const contrast of kind.contrasts(subject, random)) {
        if (++tries > MOST_TRIES) break
        const made = await pairOf(kind, contrast, { chemistry, oracles }, random)
        if (typeof made !== 'string') return result(made)
        drops.push({ kind: name, reason: made })
      }
      if (tries === 0) drops.push({ kind: name, reason: 'does_not_fit' })
    }
    return result(null)
  } catch (error) {
    if (!(error instanceof ToolkitFailure)) throw error
    await chemistry.mols.recover()
    return result(null, 'toolkit_failed')
  }
}

interface Judges {
  readonly chemistry: MakerChemistry
  readonly oracles: Oracles
}

/** The pair, if all four texts verify as they should; else why not. */
async function pairOf(
  kind: Kind,
  contrast: Contrast,
  judges: Judges,
  random: () => number,
): Promise<MadePair | string> {
  const { problem, right, wrong, changed } = contrast
  if (right === wrong && contrast.broken === undefined) return 'same_answer'
  if (kind.hard && problem.form === 'molecule' && !isPlausible(wrong, right, judges.chemistry))
    return 'wrong_answer_implausible'
  const texts = orient(contrast, random)
  const judge = (completion: string): Promise<Verdict> =>
    accuracyRewardWith(completion, problem.solution, { oracles: judges.oracles }, judges.chemistry)
  for (const { chosen } of [texts.chosenLonger, texts.rejectedLonger]) {
    const { value, status, reason } = await judge(chosen)
    if (status === 'unverifiable') return 'chosen_unverifiable'
    if (value !== 1) return `chosen_fails: ${reason ?? 'wrong_answer'}`
  }
  let rejectedReason: string | null = null
  for (const { rejected } of [texts.chosenLonger, texts.rejectedLonger]) {
    const { value, status, reason } = await judge(rejected)
    if (status === 'unverifiable') return 'rejected_unverifiable'
    if (value !== 0) return 'rejected_passes'
    if (reason !== null && STAND_IN_REASONS.has(reason)) return `rejected_by_a_stand_in_filter: ${reason}`
    rejectedReason = reason
  }
  const { mols } = judges.chemistry
  const [a, b] = problem.form === 'molecule' ? [mols.read(right), mols.read(wrong)] : [null, null]
  const spaced = /\s/.test(wrong)
  return {
    kind: kind.name,
    problem: { type: problem.type, prompt: problem.prompt, solution: problem.solution },
    texts,
    right,
    wrong,
    changed,
    distance: a === null || b === null || spaced ? null : 1 - tanimotoSimilarity(a, b),
    editDistance: levenshtein(right, wrong),
    molecule: a?.canonical ?? shownMolecule(problem.shown, judges.chemistry),
    flat: flatOf([...(problem.form === 'molecule' ? [right, wrong] : []), ...problem.shown], judges.chemistry),
    rejectedReason,
    answerGap: characters(wrong) - characters(right),
  }
}

/**
 * Whether a wrong molecule is one that might exist: by ether0's filters, with what the right one has counting as known. It decides which
 * pairs are made, not which answer is right, so that filters which stand in for ether0's do no harm.
 */
function isPlausible(wrong: string, right: string, { mols, data }: MakerChemistry): boolean {
  const [molecule, reference] = [mols.read(wrong), mols.read(right)]
  return molecule !== null && molecule.atomCount > 0 && unreasonable(molecule, data, reference) === null
}

/** The first text of the question that is a molecule. */
function shownMolecule(shown: readonly string[], { mols }: MakerChemistry): string | null {
  for (const text of shown) {
    const read = /\s/.test(text) ? null : mols.read(text)
    if (read !== null && read.atomCount > 0) return read.canonical
  }
  return null
}
