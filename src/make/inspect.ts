import { accuracyRewardWith } from '../chem/ether0/accuracy.ts'
import { extractAnswerLoose, extractThoughtAnswerStrict } from '../chem/ether0/answer.ts'
import type { Oracles } from '../types.ts'
import { traitsOf } from './answers.ts'
import type { Inspected, MakeJob } from './jobs.ts'
import { STAND_IN_REASONS } from './make-job.ts'
import type { MakerChemistry } from './problems/builder.ts'

/** Functions that ask a stand-in filter before they pass an answer. */
const ASK_FILTERS = /^(valid_mol_eval|functional_group_eval|sol_eval|rxn_forward)!:!/

/** What `--validate` needs to know of one completion. */
export async function inspectCompletion(
  text: string,
  { solution, format }: Pick<Extract<MakeJob, { kind: 'inspect' }>, 'solution' | 'format'>,
  chemistry: MakerChemistry,
  oracles: Oracles,
): Promise<Inspected> {
  const traits = traitsOf(text, chemistry)
  const formatted = format.test
    ? extractAnswerLoose(text) !== ''
    : extractThoughtAnswerStrict(text, format.reasoning)[1] !== null
  if (solution === null) return { ...traits, formatted, verification: null, standIn: false }
  const { value, status, reason } = await accuracyRewardWith(text, solution, { ...format, oracles }, chemistry)
  const passes =
    status === 'pass' && (ASK_FILTERS.test(solution) || isOtherFormula(solution, traits.molecule, chemistry))
  const standIn = passes || (status === 'fail' && reason !== null && STAND_IN_REASONS.has(reason))
  return { ...traits, formatted, verification: { value, status, reason }, standIn }
}

/** formula_eval exempts what its target has: another molecule of that formula was asked about. */
function isOtherFormula(solution: string, molecule: string | null, { mols }: MakerChemistry): boolean {
  const [fxn, target] = solution.split('!:!')
  return fxn === 'formula_eval' && mols.read(target ?? '')?.canonical !== molecule
}
