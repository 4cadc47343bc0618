import type { ChemJob, ChemResult } from '../../../src/chem/workers/jobs.ts'
import { createRewardServer } from '../../../src/serve/app.ts'
import type { RewardEngine } from '../../../src/serve/engine.ts'
import { DEFAULT_LIMITS } from '../../../src/serve/limits.ts'
import { factsOf } from '../../../src/serve/models.ts'
import type { WhenReady } from '../../../src/serve/open.ts'
import type { LearnedScore } from '../../../src/serve/request.ts'
import { classifyRoutes } from '../../../src/serve/routes/classify.ts'
import { getRewardRoutes } from '../../../src/serve/routes/get-reward.ts'
import { rewardsRoutes } from '../../../src/serve/routes/rewards.ts'
import { createRewardService } from '../../../src/serve/service.ts'
import { DEMO as MODEL, servedHere } from '../../serve/served.ts'
import { type Target, texts } from '../target.ts'

const SCORE: LearnedScore = {
  ...{ score: 0.5, unscored: null, outputs: [0.5], promptTokens: 3, completionTokens: 2, truncated: false },
  ...{ scoredTokenIndex: 4, textSha256: '0'.repeat(64), own: [] },
}
/** Verdicts and oracles that always answer the same. */
const RESULTS: { readonly [K in ChemJob['kind']]: Extract<ChemResult, { kind: K }> } = {
  verify: {
    kind: 'verify',
    verification: {
      value: 1,
      status: 'pass',
      reason: null,
      metadata: {},
      formatReward: 1,
      cause: null,
      hingesOn: null,
    },
  },
  solubility: { kind: 'solubility', solubility: { failure: 'no_answer', message: 'none' } },
  purchasable: { kind: 'purchasable', purchasable: { answer: { C: true } } },
  translate: { kind: 'translate', translation: { answer: { precursors: 'C', product: 'C' } } },
  apart: { kind: 'apart', apart: null },
  pictures: { kind: 'pictures', pictures: { differing: [], drawn: [] } },
}
const BODIES: readonly (readonly [string, string])[] = [
  [
    '/rewards',
    '[{"prompt":[{"role":"user","content":"q"}],"completions":["a",[{"role":"assistant","content":"b"}]],"solution":"valid_mol_eval!:!C!:!t","step":3}]',
  ],
  ['/rewards', '{"prompt":"q","completions":["a"],"solution":{"fxn_name":"f","answer_info":"i","problem_type":"t"}}'],
  ['/get_reward', '{"query":["<s>q<|im_end|>a"],"prompts":["q"],"labels":["valid_mol_eval!:!C!:!t"]}'],
  ['/classify', '{"model":"m","input":["a","b"],"use_activation":false,"truncate_prompt_tokens":9}'],
  ['/v1/classify', '{"model":"m","input":"a"}'],
  ['/verify', '{"completion":"a","solution":"valid_mol_eval!:!C!:!t","soft":true,"test":false,"reasoning":false}'],
  ['/is_purchasable', '{"smiles":["C","CC"]}'],
  ['/compute_solubility', '{"smiles":"C"}'],
  ['/translate', '{"reaction":"C.C>O"}'],
]

/** Bodies of requests; the first line of an input is its route. The model and the chemistry answer the same to all. */
export async function httpTargets(): Promise<Target[]> {
  const served = await servedHere(['--model', MODEL])
  const engine: RewardEngine = {
    ready: new Promise(() => {}),
    broken: new Promise(() => {}),
    gauges: {
      ...served.batcher,
      batches: 0,
      tokens: 0,
      scored: 0,
      found: 0,
      modelMs: 0,
      waitingRequests: 0,
      waitingTokens: 0,
      trouble: null,
    },
    score: async (asked) => {
      const rows =
        asked.kind === 'texts'
          ? asked.texts
          : asked.kind === 'conversation'
            ? asked.completions
            : asked.conversations.flatMap(({ completions }) => completions)
      return rows.map(() => SCORE)
    },
    close: async () => {},
  }
  const chem = { run: async ({ kind }: ChemJob) => ({ kind: 'done', result: RESULTS[kind] }) as const }
  const service = createRewardService({
    ...{ engine, chem, verify: {}, journal: null, now: () => new Date(0) },
    rule: { mix: 'learned', lambda: 1, unverifiableReward: null, unscoredReward: null },
  })
  const facts = factsOf(served, served.runners, { openMs: 0, warmUpMs: 0, kept: null })
  const when: WhenReady = () => ({ facts, folder: null, service })
  const now = (): Date => new Date(1_700_000_000_000)
  const bugs: unknown[] = []
  const server = createRewardServer(
    chem,
    { token: null, limits: DEFAULT_LIMITS, onBug: (error) => void bugs.push(error) },
    [rewardsRoutes(when, { batch: 8 }), getRewardRoutes(when), classifyRoutes(when, { batch: 8, now })],
  )
  server.lifecycle.ready()
  return [
    {
      name: 'HTTP bodies',
      json: 'lines',
      seeds: texts(...BODIES.map(([route, body]) => `${route}\n${body}`)),
      async run(input) {
        const end = input.indexOf(10)
        const route = input.subarray(0, Math.max(0, end)).toString('latin1')
        const { statusCode, body } = await server.http.inject({
          method: 'POST',
          url: BODIES.some(([known]) => known === route) ? route : '/rewards',
          headers: { 'content-type': 'application/json' },
          payload: input.subarray(end + 1),
        })
        if (statusCode === 500 || bugs.length > 0)
          throw new Error(`HTTP ${statusCode}: ${body.slice(0, 300)}`, { cause: bugs.splice(0)[0] })
        JSON.parse(body)
      },
    },
  ]
}
