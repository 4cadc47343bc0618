import { REWARDS } from '../chem/ether0/rewards/index.ts'
import { parseSolution } from '../chem/ether0/solution.ts'
import type { VerdictTrouble } from '../score/verdicts.ts'
import type { SolutionInput } from '../types.ts'

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
  return cause === 'invalid_ground_truth'
    ? `${what} cannot be judged: it is no molecule that RDKit reads (a SMILES is expected)`
    : what
}

function parsedSolution(solution: SolutionInput): ReturnType<typeof parseSolution> | null {
  try {
    return parseSolution(solution)
  } catch {
    return null
  }
}
