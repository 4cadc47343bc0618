import { NEAR_MISS_FORMULA, NEAR_MISS_TANIMOTO } from '../agreement/faults.ts'
import type { Apart } from '../chem/ether0/apart.ts'
import { formulaDiff } from '../chem/ether0/formula-diff.ts'
import { REWARD_REASON } from '../chem/ether0/reason.ts'
import { hasPart, tanimotoSimilarity } from '../chem/ether0/similarity.ts'
import { startOf, wholeSmiles } from '../chem/ether0/whole.ts'
import { type Molecule, ToolkitFailure } from '../chem/toolkit/molecule.ts'
import { Toolkit } from '../chem/toolkit/toolkit.ts'
import { PythonError } from '../python/error.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { Fault, PairFault, ScoredCompletion, ScoredPair, SolutionInput } from '../types.ts'
import { answerOf } from './answers.ts'
import type { Comparing } from './distances.ts'

/** Pairs of which molecules are compared; a millisecond each. */
export const MAX_COMPARED = 100_000

export interface FaultOptions {
  readonly verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>
  /** Completions of the run: with more than two for each of MAX_COMPARED pairs no molecules are compared. */
  readonly completions: number
  /** Pairs that were compared before; left out: none. */
  readonly known?: Comparing | undefined
}

/** The rows once more, each pair with how its rejected answer fails. A pair is compared when it comes: memory does not grow. */
export async function* withFaults<
  R extends { readonly pairs: readonly ScoredPair[]; readonly row: { readonly solution: SolutionInput | null } },
>(rows: AsyncIterable<R>, { verification, completions, known }: FaultOptions, most = MAX_COMPARED): AsyncGenerator<R> {
  const compare = completions <= 2 * most
  for await (const row of rows) {
    if (row.pairs.length === 0) {
      yield row
      continue
    }
    const pairs: ScoredPair[] = []
    for (const pair of row.pairs)
      pairs.push({ ...pair, fault: await faultOf(pair, verification, { compare, known, solution: row.row.solution }) })
    yield { ...row, pairs }
  }
}

/** Where near misses could not be told from other wrong answers, how often; null where they could. */
export function faultNote(pairs: readonly Pick<ScoredPair, 'fault'>[]): string | null {
  const lost = pairs.filter(({ fault }) => fault?.rejected === 'wrong_or_near_miss').length
  return lost === 0
    ? null
    : `near misses are not told from other wrong answers in ${lost.toLocaleString('en-US')} of ${pairs.length.toLocaleString('en-US')} pairs (pairs.csv: rejected_fault wrong_or_near_miss): molecules are compared in runs of up to ${MAX_COMPARED.toLocaleString('en-US')} pairs, and where RDKit reads them`
}

const IMPLAUSIBLE: ReadonlySet<string | null> = new Set([
  REWARD_REASON.FAILED_RING_CHECK,
  REWARD_REASON.FAILED_REOS_CHECK,
  REWARD_REASON.FAILED_COUNTERION_CHECK,
])

/**
 * How the rejected answer of a pair fails: first by the verdict, then, of an answer that is simply wrong, by the molecules of the two answers.
 * @param compare whether molecules are compared; default true
 * @param known pairs that were compared before
 * @param solution of the row: where it asks for the rest of a molecule, the whole one counts; default none
 */
export async function faultOf(
  { chosen, rejected }: Pick<ScoredPair, 'chosen' | 'rejected'>,
  verification: FaultOptions['verification'],
  {
    compare = true,
    solution = null,
    known = NOTHING_KNOWN,
  }: Pick<FaultOptions, 'known'> & { readonly compare?: boolean; readonly solution?: SolutionInput | null } = {},
): Promise<PairFault> {
  const answers = [chosen, rejected].map(({ text }) => answerOf(text, verification))
  const [right, given] = answers as [string | null, string | null]
  const { level, tanimoto } = await levelOf(rejected, right, given, compare ? known : null, solution)
  const formed = level === 'no_verdict' ? null : level !== 'format' && level !== 'invalid'
  const both = [await wellFormed(chosen, right, solution), formed]
  // one that is malformed settles it, whatever is known of the other
  return { rejected: level, wellFormed: both.includes(false) ? false : both.includes(null) ? null : true, tanimoto }
}

const NOTHING_KNOWN: Comparing = async () => null

async function wellFormed(
  completion: ScoredCompletion,
  answer: string | null,
  solution: SolutionInput | null,
): Promise<boolean | null> {
  if (completion.verifiableStatus === 'unverifiable') return null
  return answer !== null && !(await isInvalid(completion, answer, solution))
}

/** Whether the verifier found no molecule or reaction where it expects one, and there is none. */
async function isInvalid(
  { verifiableReason }: ScoredCompletion,
  answer: string,
  solution: SolutionInput | null,
): Promise<boolean> {
  if (verifiableReason === REWARD_REASON.INVALID_RXN) return !readsAsReaction(answer, await Toolkit.shared())
  if (verifiableReason !== REWARD_REASON.INVALID_MOL) return false
  // ether0 takes a short part for a counter-ion and says that there is no molecule, though RDKit reads one; not of the rest of a molecule
  return startOf(solution) !== null || hasPart(answer) || read(answer, await Toolkit.shared()) === null
}

interface Level {
  readonly level: Fault
  readonly tanimoto: number | null
}
const plainly = (level: Fault): Level => ({ level, tanimoto: null })

async function levelOf(
  rejected: ScoredCompletion,
  right: string | null,
  given: string | null,
  known: Comparing | null,
  solution: SolutionInput | null,
): Promise<Level> {
  const { verifiableStatus, verifiableReason } = rejected
  if (verifiableStatus === 'unverifiable') return plainly('no_verdict')
  if (verifiableStatus === 'pass') return plainly('right')
  if (given === null) return plainly('format')
  if (await isInvalid(rejected, given, solution)) return plainly('invalid')
  if (IMPLAUSIBLE.has(verifiableReason)) return plainly('implausible')
  if (verifiableReason === REWARD_REASON.INVALID_RXN) return plainly('wrong')
  if (right === null) return plainly('wrong')
  if (isFormula(right))
    return plainly(isFormula(given) && formulaDiff(right, given) <= NEAR_MISS_FORMULA ? 'near_miss' : 'wrong')
  if (known === null) return plainly('wrong_or_near_miss')
  const before = await known(wholeSmiles(right, solution), wholeSmiles(given, solution))
  if (before !== null) return closeness(before)
  const toolkit = await Toolkit.shared()
  const [a, b] = [readWhole(right, solution, toolkit), readWhole(given, solution, toolkit)]
  if (a === 'gave up' || b === 'gave up') return plainly('wrong_or_near_miss')
  if (a === null) return plainly('wrong')
  if (b === null) return plainly(right.length > SHORT ? 'invalid' : 'wrong')
  return compared(a, b)
}

/** So many characters a word, too, may have that happens to be a SMILES string (CO, NO); ether0 looks at no shorter part, either. */
const SHORT = 3

function compared(right: Molecule, given: Molecule): Level {
  try {
    const similarity = tanimotoSimilarity(right, given)
    return closeness({ similarity, sameFormula: similarity >= NEAR_MISS_TANIMOTO || right.formula === given.formula })
  } catch (error) {
    if (error instanceof ToolkitFailure) return plainly('wrong_or_near_miss')
    throw error
  }
}

function closeness({ similarity, sameFormula }: Pick<Apart, 'similarity' | 'sameFormula'>): Level {
  const near = similarity >= NEAR_MISS_TANIMOTO || sameFormula
  return near === null ? plainly('wrong_or_near_miss') : { level: near ? 'near_miss' : 'wrong', tanimoto: similarity }
}

/** The molecule that an answer stands for, with the start that it goes on from. */
function readWhole(answer: string, solution: SolutionInput | null, toolkit: Toolkit): ReturnType<typeof read> {
  for (const smiles of wholeSmiles(answer, solution)) {
    const molecule = read(smiles, toolkit)
    if (molecule !== null) return molecule
  }
  return null
}

/** The molecule of an answer; null where there is none, of a reaction, too. */
function read(answer: string, toolkit: Toolkit): Molecule | 'gave up' | null {
  if (answer === '' || /\s/.test(answer)) return null
  try {
    const molecule = toolkit.read(answer)
    return molecule === null || molecule.atomCount === 0 ? null : molecule
  } catch (error) {
    if (error instanceof ToolkitFailure) return 'gave up'
    // half a character, which Python refuses
    if (error instanceof PythonError) return null
    throw error
  }
}

const isMolecule = (found: ReturnType<typeof read>): boolean => found !== null && found !== 'gave up'

/** Reactants, reagents and products that RDKit reads: what is wrong with it is the reaction. */
function readsAsReaction(answer: string, toolkit: Toolkit): boolean {
  const sides = answer.split('>')
  if (sides.length < 2 || sides.length > 3) return false
  return sides.every((side) => side === '' || isMolecule(read(side, toolkit)))
}

/** @example isFormula('C6H12O6') // true: no SMILES string has an H outside of brackets */
const isFormula = (text: string): boolean => /^(?:[A-Z][a-z]?\d*)+$/.test(text) && /H(?![a-z])/.test(text)
