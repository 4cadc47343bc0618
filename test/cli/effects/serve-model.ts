import * as ort from 'onnxruntime-node'
import { expect, vi } from 'vitest'
import type { OPTIONS } from '../../../scripts/commands/serve-rewards.ts'
import { packagePath } from '../../../src/package.ts'
import type { REWARD_OPTIONS } from '../../../src/serve/options.ts'
import type { LearnedScore, ScoreRequest } from '../../../src/serve/request.ts'
import { call } from '../../command.ts'
import { configOf, DEMO, POLICY, REFERENCE, servedHere } from '../../serve/served.ts'
import { exported, otherTemplate } from './runs.ts'
import { all, type Rows } from './shown.ts'

// What an option does to a score is seen without a thread or a server; what it does to an answer, in test/serve.

const TALK: ScoreRequest = { kind: 'conversation', prompt: 'Name C2H6O.', completions: ['It is ethanol.'] }
const parity = (...path: string[]): string => packagePath('test/data/parity', ...path)
const heads = (name: string): string => packagePath('test/data/heads', name)

const one = async (args: readonly string[], asked: ScoreRequest = TALK): Promise<LearnedScore> => {
  const served = await servedHere(args)
  const [[score]] = (await served.score(asked)) as [[LearnedScore]]
  for (const runner of served.runners) await runner.release()
  return score
}
const changes =
  (base: readonly string[], more: readonly string[], what: keyof LearnedScore = 'score', asked = TALK) =>
  async (): Promise<void> => {
    const [flag] = more
    const at = base.indexOf(flag!)
    const rest = at < 0 ? base : base.toSpliced(at, 2)
    const [without, found] = [await one(base, asked), await one([...rest, ...more], asked)]
    expect(found[what]).not.toEqual(without[what])
  }
const refuses = (args: readonly string[], code: number, message: string) => async (): Promise<void> => {
  const done = await call('serve-rewards', ['--port', '0', ...args])
  expect(done).toMatchObject({ code, stdout: '' })
  expect(done.stderr).toContain(message)
}
const unused = (args: readonly string[], message: string) => async (): Promise<void> => {
  expect((await configOf(args)).unused.join('\n')).toContain(message)
}
const on = ['--model', DEMO]
const dpo = ['--model', POLICY, '--ref-model', REFERENCE]
const steps: ScoreRequest = {
  kind: 'conversation',
  prompt: 'SMILES of ethanol?',
  completions: ['Ethanol has two carbons.<extra_0>It has an OH, too.<extra_0>So it is CCO: C2H6O.<extra_0>'],
}

export const SERVE_MODEL_ROWS: Rows<keyof typeof REWARD_OPTIONS & keyof typeof OPTIONS> = {
  model: all(
    changes(on, ['--model', parity('llama-gqa')]),
    refuses(
      ['--model', heads('pair-preference'), '--head', 'letters'],
      2,
      'compares two answers and gives no reward of one',
    ),
    refuses(['--model', '/nowhere'], 2, '/nowhere'),
  ),
  'ref-model': all(
    async () => {
      const { own, score } = await one(dpo)
      // policy_logprob, reference_logprob, logratio, implicit_reward
      expect(score).toBe(own[3])
      expect(score).toBeCloseTo(0.1 * ((own[0] as number) - (own[1] as number)), 12)
    },
    refuses(['--ref-model', REFERENCE], 2, '--ref-model: needs --model'),
  ),
  'ref-revision': refuses([...dpo, '--ref-revision', 'v1'], 2, 'is a folder; revision "v1" means nothing there'),
  revision: refuses([...on, '--revision', 'v1'], 2, 'is a folder; revision "v1" means nothing there'),
  tokenizer: changes(on, ['--tokenizer', otherTemplate()], 'textSha256'),
  'chat-template': all(
    changes(on, ['--chat-template', 'chatml'], 'textSha256'),
    refuses([...on, '--chat-template', 'none'], 2, '"none" is neither a built-in template nor a file'),
  ),
  device: refuses([...on, '--device', 'tpu'], 2, '"tpu" is no device'),
  dtype: refuses([...on, '--dtype', 'fp16', '--device', 'cpu'], 2, '--dtype fp16: ONNX Runtime computes float16'),
  graph: async () => {
    const served = await servedHere(['--model', exported('run-rm'), '--graph', 'onnx'])
    expect(served.models[0]!.resolved.onnx).not.toBeNull()
  },
  'onnx-file': async () => {
    const served = await servedHere(['--model', exported('run-rm'), '--onnx-file', 'model_quantized.onnx'])
    expect(served.models[0]!.resolved.onnx).toContain('model_quantized.onnx')
  },
  head: all(
    changes(['--model', parity('llama-armo5'), '--head', '0'], ['--head', '1']),
    refuses(['--model', parity('llama-armo5')], 2, 'the model has 5 heads and none is chosen'),
    refuses(['--model', parity('llama-armo5'), '--head', 'all'], 2, '--head all: gives no single reward'),
    refuses([...dpo, '--head', '0'], 2, '--head: is for reward models, and --ref-model is given'),
  ),
  pooling: changes(['--model', parity('llama-pad-eos')], ['--pooling', 'mask'], 'scoredTokenIndex'),
  'step-aggregate': changes(['--model', heads('qwen2-prm')], ['--step-aggregate', 'product'], 'score', steps),
  'step-tokens': changes(
    ['--model', heads('math-shepherd'), '--chat-template', 'raw', '--step-tokens', '+ the of'],
    ['--step-tokens', '+ of the'],
    'score',
    { kind: 'conversation', prompt: 'SMILES?', completions: ['Two carbons. +\nSo it is CCO. +\n'] },
  ),
  'step-separator': changes(['--model', heads('qwen2-prm')], ['--step-separator', '\\n\\n'], 'unscored', {
    kind: 'conversation',
    prompt: 'SMILES?',
    completions: ['Two carbons.\n\nSo it is CCO.'],
  }),
  beta: all(
    changes(dpo, ['--beta', '0.2']),
    refuses([...on, '--beta', '0.2'], 2, '--beta: is for a policy and its reference'),
  ),
  'max-length': async () => {
    expect((await one([...on, '--max-length', '5'])).unscored?.reason).toBe('too_long')
  },
  truncation: all(
    changes([...on, '--max-length', '10'], ['--truncation', 'left'], 'truncated'),
    refuses([...on, '--truncation', 'error'], 2, '--truncation error: is for runs, which it stops'),
  ),
  reasoning: changes(on, ['--reasoning', 'strip'], 'textSha256', {
    kind: 'conversation',
    prompt: 'Name it.',
    completions: ['<|think_start|>hm<|think_end|><|answer_start|>CCO<|answer_end|>'],
  }),
  'batch-tokens': async () => {
    const batches = async (...more: string[]): Promise<number> => {
      const served = await servedHere([...on, ...more])
      await served.score(TALK, { ...TALK, prompt: 'Another?' } as ScoreRequest)
      return served.batcher().work.batches
    }
    expect([await batches(), await batches('--batch-tokens', '8')]).toEqual([1, 2])
  },
  'batch-size': async () => {
    const served = await servedHere([...on, '--batch-size', '1'])
    await served.score({ kind: 'conversation', prompt: 'p', completions: ['a', 'b', 'c'] })
    expect(served.batcher().work.batches).toBe(3)
  },
  threads: async () => {
    const create = vi.spyOn(ort.InferenceSession, 'create')
    try {
      await one([...on, '--threads', '3'])
      expect(create.mock.calls.at(-1)!.at(-1)).toMatchObject({ intraOpNumThreads: 3 })
    } finally {
      create.mockRestore()
    }
  },
  offline: refuses(['--model', 'org/none', '--offline'], 7, 'org/none: offline'),
  extraction: ['test/serve/rewards.test.ts', 'judges as the options of the verifiable rewards say'],
  'require-reasoning': all(
    unused([...on, '--extraction', 'loose', '--no-require-reasoning'], 'format_reward alone depends on it'),
    async () => {
      expect((await configOf([...on, '--no-require-reasoning'])).config.verification.requireReasoning).toBe(false)
    },
  ),
  soft: ['test/serve/rewards.test.ts', 'judges as the options of the verifiable rewards say'],
  'good-molecule-bonus': ['test/serve/rewards.test.ts', 'judges as the options of the verifiable rewards say'],
  mix: all(
    refuses([...on, '--mix', 'sum'], 2, '--mix sum: needs --unverifiable-reward'),
    refuses([...on, '--mix', 'verifiable'], 2, '--mix verifiable: needs --unverifiable-reward'),
    refuses([...on, '--mix', 'both'], 2, 'both'),
    refuses(['--mix', 'sum'], 2, '--mix: needs --model'),
    async () => {
      expect((await configOf([...on, '--mix', 'sum', '--unverifiable-reward', '0'])).rule.mix).toBe('sum')
    },
  ),
  lambda: all(unused([...on, '--lambda', '2'], '--lambda changes nothing here: --mix is learned'), async () => {
    const sum = [...on, '--mix', 'sum', '--unverifiable-reward', '0']
    expect((await configOf(sum)).rule.lambda).toBe(1)
    expect((await configOf([...sum, '--lambda', '0.5'])).rule.lambda).toBe(0.5)
  }),
  'unverifiable-reward': ['test/serve/rewards.test.ts', 'says what stands for an absent part'],
  'unscored-reward': ['test/serve/rewards.test.ts', 'says what stands for an absent part'],
  store: ['test/serve/store.test.ts', 'loses no answered request when it is killed'],
  'queue-limit': ['test/serve/engine.test.ts', 'refuses what would wait too long'],
  'queue-tokens': ['test/serve/engine.test.ts', 'refuses what would wait too long'],
}
