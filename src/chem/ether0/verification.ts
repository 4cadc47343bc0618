import type { Oracles, SolutionInput, Verdict, VerdictCause, Verification } from '../../types.ts'
import { type AccuracyOptions, accuracyRewardWith } from './accuracy.ts'
import { type Chemistry, judge } from './evaluate.ts'
import { formatReward } from './format.ts'
import { REWARD_REASON } from './reason.ts'
import { parseSolution } from './solution.ts'
import { hingeOf, type StandIns } from './stand-ins.ts'

/** A completion's verdict as a run keeps it: with the format reward, who is at fault, and the stand-in filter that it hinges on. */
export async function verificationWith(
  completion: string,
  solution: SolutionInput,
  options: AccuracyOptions,
  chemistry: Chemistry,
  standIns: StandIns,
): Promise<Verification> {
  const asked = { count: 0 }
  const watched = { ...options, oracles: counting(options.oracles, asked) }
  const verdict = await accuracyRewardWith(completion, solution, watched, chemistry)
  return {
    ...verdict,
    formatReward: formatReward(completion, { reasoning: options.reasoning ?? true }),
    cause: await causeOf(verdict, solution, options, chemistry, asked.count > 0),
    hingesOn: await hingeOf(verdict, { completion, solution, options, chemistry, standIns }),
  }
}

/** The oracles, counting questions. */
const counting = (oracles: Oracles, asked: { count: number }): Oracles => ({
  solubility: (smiles) => {
    asked.count++
    return oracles.solubility(smiles)
  },
  purchasable: (smiles) => {
    asked.count++
    return oracles.purchasable(smiles)
  },
  forwardReaction: (reaction) => {
    asked.count++
    return oracles.forwardReaction(reaction)
  },
})

/** Octane, and a reaction of octane with water: what no function finds fault with before it has read its target. */
const PROBES: Readonly<Record<string, string>> = { rxn_forward: 'CCCCCCCC.O>>' }
const PROBE = 'CCCCCCCC'
const silent = async (): Promise<never> => {
  throw Object.assign(new Error('not asked'), { name: 'OracleError' })
}
const SILENT: Oracles = { solubility: silent, purchasable: silent, forwardReaction: silent }

/**
 * Who is at fault where a completion does not pass. A verdict that is lacking is the target's fault where a plain answer, too, cannot be judged by
 * the solution; an oracle's where one was asked, since answer and target have been read by then; else the answer's (what RDKit gives up on, what
 * raises in Python).
 */
async function causeOf(
  { status }: Verdict,
  solution: SolutionInput,
  { soft = false, test = false }: AccuracyOptions,
  chemistry: Chemistry,
  asked: boolean,
): Promise<VerdictCause | null> {
  if (status === 'pass') return null
  if (status !== 'unverifiable') return 'answer'
  if (asked) return 'oracle'
  const target = targetOf(solution)
  if (target === null) return 'target'
  if (!chemistry.mols.ready) await chemistry.mols.recover()
  const { fxn_name, answer_info } = target
  const probe = PROBES[fxn_name] ?? PROBE
  const { judgement, error } = await judge(fxn_name, probe, answer_info, { soft, test, oracles: SILENT }, chemistry)
  return error !== null || judgement.reason === REWARD_REASON.INVALID_GROUND_TRUTH ? 'target' : 'answer'
}

function targetOf(solution: SolutionInput): ReturnType<typeof parseSolution> | null {
  try {
    return parseSolution(solution)
  } catch {
    return null
  }
}
