import { NEAR_MISS_FORMULA, NEAR_MISS_TANIMOTO } from '../agreement/faults.ts'
import { formulaDiff } from '../chem/ether0/formula-diff.ts'
import { REWARD_REASON } from '../chem/ether0/reason.ts'
import { tanimotoSimilarity } from '../chem/ether0/similarity.ts'
import { type Molecule, ToolkitFailure } from '../chem/toolkit/molecule.ts'
import { Toolkit } from '../chem/toolkit/toolkit.ts'
import type { VerificationChoice } from '../setup/config.ts'
import type { Fault, PairFault, ScoredCompletion, ScoredPair } from '../types.ts'
import { answerOf } from './answers.ts'

/** Pairs of which molecules are compared; a millisecond each. */
export const MAX_COMPARED = 100_000

export interface FaultOptions {
  readonly verification: Pick<VerificationChoice, 'extraction' | 'requireReasoning'>
  /** Completions of the run: with more than two for each of MAX_COMPARED pairs no molecules are compared. */
  readonly completions: number
}

/** The rows once more, each pair with how its rejected answer fails. A pair is compared when it comes: memory does not grow. */
export async function* withFaults<R extends { readonly pairs: readonly ScoredPair[] }>(
  rows: AsyncIterable<R>,
  { verification, completions }: FaultOptions,
  most = MAX_COMPARED,
): AsyncGenerator<R> {
  const compare = completions <= 2 * most
  for await (const row of rows) {
    if (row.pairs.length === 0) {
      yield row
      continue
    }
    const pairs: ScoredPair[] = []
    for (const pair of row.pairs) pairs.push({ ...pair, fault: await faultOf(pair, verification, compare) })
    yield { ...row, pairs }
  }
}

const NO_MOLECULE: ReadonlySet<string | null> = new Set([REWARD_REASON.INVALID_MOL, REWARD_REASON.INVALID_RXN])
const IMPLAUSIBLE: ReadonlySet<string | null> = new Set([
  REWARD_REASON.FAILED_RING_CHECK,
  REWARD_REASON.FAILED_REOS_CHECK,
  REWARD_REASON.FAILED_COUNTERION_CHECK,
])

/**
 * How the rejected answer of a pair fails: first by the verdict, then, of an answer that is simply wrong, by the molecules of the two answers.
 * @param compare whether molecules are read
 */
export async function faultOf(
  { chosen, rejected }: Pick<ScoredPair, 'chosen' | 'rejected'>,
  verification: FaultOptions['verification'],
  compare = true,
): Promise<PairFault> {
  const answers = [chosen, rejected].map(({ text }) => answerOf(text, verification))
  const [right, given] = answers as [string | null, string | null]
  const { level, tanimoto } = await levelOf(rejected, right, given, compare)
  const [a, b] = [wellFormed(chosen, right), level === 'no_verdict' ? null : level !== 'format' && level !== 'invalid']
  // one that is malformed settles it, whatever is known of the other
  const both = a === false || b === false ? false : a === null || b === null ? null : true
  return { rejected: level, wellFormed: both, tanimoto }
}

function wellFormed({ verifiableStatus, verifiableReason }: ScoredCompletion, answer: string | null): boolean | null {
  if (verifiableStatus === 'unverifiable') return null
  return answer !== null && !NO_MOLECULE.has(verifiableReason)
}

interface Level {
  readonly level: Fault
  readonly tanimoto: number | null
}
const plainly = (level: Fault): Level => ({ level, tanimoto: null })

async function levelOf(
  { verifiableStatus, verifiableReason }: ScoredCompletion,
  right: string | null,
  given: string | null,
  compare: boolean,
): Promise<Level> {
  if (verifiableStatus === 'unverifiable') return plainly('no_verdict')
  if (verifiableStatus === 'pass') return plainly('right')
  if (given === null) return plainly('format')
  if (verifiableReason === REWARD_REASON.INVALID_RXN)
    return plainly(readsAsReaction(given, await Toolkit.shared()) ? 'wrong' : 'invalid')
  if (verifiableReason === REWARD_REASON.INVALID_MOL) return plainly('invalid')
  if (IMPLAUSIBLE.has(verifiableReason)) return plainly('implausible')
  if (right === null) return plainly('wrong')
  if (isFormula(right))
    return plainly(isFormula(given) && formulaDiff(right, given) <= NEAR_MISS_FORMULA ? 'near_miss' : 'wrong')
  if (!compare) return plainly('wrong_or_near_miss')
  const toolkit = await Toolkit.shared()
  try {
    return compared(read(right, toolkit), read(given, toolkit), right)
  } catch (error) {
    if (error instanceof ToolkitFailure) return plainly('wrong_or_near_miss')
    throw error
  }
}

/** So many characters a word, too, may have that happens to be a SMILES string (CO, NO); ether0 looks at no shorter part, either. */
const SHORT = 3

function compared(right: Molecule | null, given: Molecule | null, text: string): Level {
  if (right === null) return plainly('wrong')
  if (given === null) return plainly(text.length > SHORT ? 'invalid' : 'wrong')
  const tanimoto = tanimotoSimilarity(right, given)
  return { level: tanimoto >= NEAR_MISS_TANIMOTO || right.formula === given.formula ? 'near_miss' : 'wrong', tanimoto }
}

/** The molecule of an answer; of a reaction none. */
function read(answer: string, toolkit: Toolkit): Molecule | null {
  if (answer === '' || /\s/.test(answer)) return null
  const molecule = toolkit.read(answer)
  return molecule === null || molecule.atomCount === 0 ? null : molecule
}

/** Reactants, reagents and products that RDKit reads: what is wrong with it is the reaction. */
function readsAsReaction(answer: string, toolkit: Toolkit): boolean {
  const sides = answer.split('>')
  if (sides.length < 2 || sides.length > 3) return false
  return sides.every((side) => side === '' || read(side, toolkit) !== null)
}

/** @example isFormula('C6H12O6') // true: no SMILES string has an H outside of brackets */
const isFormula = (text: string): boolean => /^(?:[A-Z][a-z]?\d*)+$/.test(text) && /H(?![a-z])/.test(text)
