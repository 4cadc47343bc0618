import { beforeAll, describe, expect, it } from 'vitest'
import type { Chemistry } from '../../src/chem/ether0/evaluate.ts'
import { OracleError } from '../../src/chem/oracles/error.ts'
import { accuracyReward, evaluate } from '../../src/library/chemistry.ts'
import { defaultChemistry } from '../../src/library/default-chemistry.ts'
import type { Oracles, SolutionInput, Verdict } from '../../src/types.ts'
import { golden } from './golden.ts'

type Answer<T> = T | { readonly error: string } | { readonly raise: string }
interface Remote {
  readonly solubility?: Record<string, Answer<number>>
  readonly purchasable?: Record<string, boolean> | { readonly raise: string }
  readonly product?: Record<string, Answer<string>>
}
interface Case {
  readonly id: string
  readonly remote?: Remote
  readonly remote_calls?: readonly unknown[]
  readonly value?: number
  readonly error?: { readonly class: string }
  readonly reason: string | null
  readonly metadata: Record<string, unknown> | null
}
interface RewardCase extends Case {
  readonly fn: string
  readonly yhat: string
  readonly y: string
  readonly soft: boolean
  readonly test: boolean
}
interface AccuracyCase extends Case {
  readonly fn: 'accuracy_reward'
  readonly completion: string
  readonly chat: boolean
  readonly reasoning: boolean
  readonly soft: boolean
  readonly test: boolean
  readonly good_molecule_bonus: number
  readonly solution_as_given: SolutionInput
}

/** The goldens' answers as oracles that reject when they have none; `declined` tells whether one did. */
function mockOracles(remote: Remote | undefined): { oracles: Oracles; calls: unknown[]; declined: () => boolean } {
  const calls: unknown[] = []
  let declined = false
  const give = <T>(answer: Answer<T> | undefined): T => {
    if (answer !== null && typeof answer === 'object') {
      if ('raise' in answer) throw Object.assign(new Error('stub'), { name: answer.raise })
      if ('error' in answer) answer = undefined
    }
    if (answer === undefined) {
      declined = true
      throw new OracleError('stub', 'declined')
    }
    return answer as T
  }
  const oracles: Oracles = {
    async solubility(smiles) {
      calls.push(['solubility', smiles])
      return give(remote?.solubility?.[smiles])
    },
    async purchasable(smiles) {
      calls.push(['purchasable', smiles])
      const answer = (remote?.purchasable ?? {}) as Record<string, boolean | string>
      if (typeof answer.raise === 'string') throw Object.assign(new Error('stub'), { name: answer.raise })
      return answer as Record<string, boolean>
    },
    async forwardReaction(reaction) {
      calls.push(['product', reaction])
      return give(remote?.product?.[reaction])
    },
  }
  return { oracles, calls, declined: () => declined }
}

/** Python's verdict, with our one difference: no value where it rests on an exception or on an oracle that declined. */
function expectVerdict(verdict: Verdict, row: Case, declined: boolean): void {
  const { metadata } = verdict
  const raised = row.error !== undefined || row.reason === 'reward_function_exception'
  const { error, error_message: _message, ...python } = metadata
  expect(verdict.reason).toBe(row.reason)
  expect(python).toEqual(row.metadata ?? {})
  if (raised || declined) {
    expect(verdict.value).toBeNull()
    expect(verdict.status).toBe('unverifiable')
    expect(error).toBe(row.error?.class ?? (declined ? 'OracleError' : error))
    expect(error).toEqual(expect.any(String))
    return
  }
  expect(error).toBeUndefined()
  expect(verdict.value).toBe(row.value)
  const value = row.value!
  const expected = value >= 1 ? 'pass' : value > 0 ? 'partial' : 'fail'
  expect(verdict.status).toBe(row.reason === 'invalid_ground_truth' ? 'unverifiable' : expected)
}

let chemistry: Chemistry
beforeAll(async () => {
  chemistry = await defaultChemistry()
})

const FUNCTIONS = [
  'str_eval',
  'valid_mol_eval',
  'caption_eval',
  'product_eval',
  'rxn_eval',
  'formula_eval',
  'functional_group_eval',
  'sol_eval',
  'rxn_forward',
  'should_not_answer_eval',
  'should_answer_eval',
]
describe.each(FUNCTIONS)('%s', (name) => {
  it.each(golden<RewardCase>(`reward_${name}`))('is Python’s for $id: $yhat | $y', async (row) => {
    const { oracles, calls, declined } = mockOracles(row.remote)
    const { soft, test } = row
    expectVerdict(await evaluate(name, row.yhat, row.y, { soft, test, oracles }), row, declined())
    if (row.remote_calls !== undefined) expect(calls).toEqual(row.remote_calls)
    expect(chemistry.mols.ready).toBe(true)
  })
})

describe('oracles that answer nonsense', () => {
  const wanted = "('scaffold', 'C', 0.5, 'increase')"
  const answering = (answer: unknown): Oracles => ({
    solubility: () => answer as Promise<number>,
    purchasable: async () => answer as Record<string, boolean>,
    forwardReaction: async () => answer as string,
  })
  it.each([Number.NaN, Number.POSITIVE_INFINITY, '0.5', null, undefined])('%s is no solubility', async (answer) => {
    const { value, status, metadata } = await evaluate('sol_eval', 'CCO', wanted, { oracles: answering(answer) })
    expect([value, status, metadata.error]).toEqual([null, 'unverifiable', 'TypeError'])
  })

  it('is no product and no catalogue', async () => {
    const { value, metadata } = await evaluate('rxn_forward', 'CCCCCO.O>>', 'CCC', { oracles: answering(null) })
    expect([value, metadata.error]).toEqual([null, 'TypeError'])
    const sold = { ...answering(7), purchasable: async () => ({}) }
    const { metadata: later } = await evaluate('rxn_forward', 'CCCO.OCC>>', 'CCC', { oracles: sold })
    expect(later.error).toBe('TypeError')
  })

  it('may throw at once instead of rejecting', async () => {
    const throwing = (): never => {
      throw new OracleError('stub', 'declined')
    }
    const { value, reason } = await evaluate('sol_eval', 'CCO', wanted, {
      oracles: { ...answering(null), solubility: throwing },
    })
    expect([value, reason]).toEqual([null, 'invalid_mol'])
  })
})

describe('accuracy_reward', () => {
  const cases = golden<AccuracyCase>('accuracy_reward').filter(({ fn }) => fn === 'accuracy_reward')
  it.each(cases)('is Python’s for $id', async (row) => {
    const { oracles, calls, declined } = mockOracles(row.remote)
    const completion = row.chat ? [{ role: 'assistant', content: row.completion }] : row.completion
    const verdict = await accuracyReward(completion, row.solution_as_given, {
      reasoning: row.reasoning,
      soft: row.soft,
      test: row.test,
      goodMoleculeBonus: row.good_molecule_bonus,
      oracles,
    })
    expectVerdict(verdict, row, declined())
    if (row.remote_calls !== undefined) expect(calls).toEqual(row.remote_calls)
  })

  interface CallCase {
    readonly fn: string
    readonly desc: string
    readonly completions: string[]
    readonly solutions: SolutionInput[]
    readonly reasoning: boolean
    readonly soft?: boolean
    readonly test?: boolean
    readonly value?: { readonly rewards: number[]; readonly metadata: Record<string, unknown>[] } | number[]
    readonly error?: { readonly class: string }
  }
  // what concerns lists of unequal length or Python's metadata argument has no counterpart: ours takes one completion
  const perCompletion = golden<CallCase>('accuracy_reward').filter(
    ({ fn, completions, solutions, desc }) =>
      fn === 'accuracy_reward_call' &&
      completions.length === solutions.length &&
      completions.length > 0 &&
      desc !== 'non-empty metadata',
  )
  it.each(perCompletion)('takes $desc one by one', async (row) => {
    const verdicts = await Promise.all(
      row.completions.map((completion, i) =>
        accuracyReward(completion, row.solutions[i]!, {
          reasoning: row.reasoning,
          soft: row.soft ?? false,
          test: row.test ?? false,
        }),
      ),
    )
    if (row.error !== undefined) {
      for (const { value, status, metadata } of verdicts) {
        expect(value).toBeNull()
        expect(status).toBe('unverifiable')
        expect(metadata.error).toBe(row.error.class)
      }
      return
    }
    const rewards = Array.isArray(row.value) ? row.value : row.value!.rewards
    expect(verdicts.map(({ value, reason }) => (reason === 'reward_function_exception' ? 0 : value))).toEqual(rewards)
    expect(verdicts.at(-1)!.metadata.error).toBe('KeyError')
  })
})
