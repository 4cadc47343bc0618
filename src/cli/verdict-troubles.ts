import { REWARDS } from '../chem/ether0/rewards/index.ts'
import { hasPart } from '../chem/ether0/similarity.ts'
import { parseSolution } from '../chem/ether0/solution.ts'
import type { VerdictTrouble } from '../score/verdicts.ts'
import type { SolutionInput } from '../types.ts'

/** ether0's rule, which is kept, of the functions that take the largest part. */
export const BY_LARGEST_PART: ReadonlySet<string> = new Set(['product_eval', 'caption_eval'])
export const TOO_SHORT = 'ether0 takes parts of up to 3 characters for counter-ions, and this has no other'

const FORM = 'fxn_name!:!answer_info!:!problem_type'

/** A failed verification is never a fail of the completion; it is said, because it takes rows out of the agreement. One line a cause. */
export const verdictTroubleLines = (troubles: readonly VerdictTrouble[]): string[] =>
  troubles.map(({ cause, count, first }) => {
    const some = count === 1 ? '1 completion' : `${count} completions`
    const rows = first.map(({ where }) => where).join(', ')
    return `${some} could not be verified (${cause}), unverifiable, not failed: ${rows}${count > first.length ? ' …' : ''}; in ${first[0]!.where} ${complaint(cause, first[0]!.solution)}`
  })

/** What is wrong with the solution of the first row, where it is the solution. */
function complaint(cause: string, solution: SolutionInput): string {
  const parsed = parsedSolution(solution)
  const given = typeof solution === 'string' ? solution : JSON.stringify(solution)
  const names = `fxn_name is one of ether0's: ${[...REWARDS.keys()].join(', ')}`
  if (parsed === null) return `the solution ${JSON.stringify(given)} is not of the form ${FORM}, where ${names}`
  const { fxn_name, answer_info } = parsed
  if (!REWARDS.has(fxn_name))
    return `the solution names the function ${JSON.stringify(fxn_name)}; it is ${FORM}, and ${names}`
  const what = `${fxn_name} with the answer_info ${JSON.stringify(answer_info)}`
  if (fxn_name === 'rxn_forward' && cause === 'OracleError')
    return `${what}: no forward-reaction model ships, ETHER0_REMOTES_API_BASE_URL names a server that has one`
  if (cause !== 'invalid_ground_truth') return what
  return BY_LARGEST_PART.has(fxn_name) && !hasPart(answer_info)
    ? `${what} cannot be judged: ${TOO_SHORT}`
    : `${what} cannot be judged: it is no molecule that RDKit reads (a SMILES is expected)`
}

function parsedSolution(solution: SolutionInput): ReturnType<typeof parseSolution> | null {
  try {
    return parseSolution(solution)
  } catch {
    return null
  }
}
