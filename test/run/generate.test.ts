import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { isResult } from '../../src/cli/results.ts'
import { packagePath } from '../../src/package.ts'
import { readPacked } from '../generate/models.ts'
import { type Done, jsonLines, QUICK, readCsv, readJson, run, start, temporaryFolder } from './bin.ts'

/** run-generate from the command line: its file, the commands that read it, resume, refusals. */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const at = (...path: string[]): string => join(folder.path, ...path)

interface GroupRow {
  readonly id: string
  readonly subset: string
  readonly prompt: unknown
  readonly solution?: string
  readonly prompt_tokens: number
  readonly completions: readonly {
    readonly completion: string
    readonly finish_reason: string
    readonly sum_logprob: number
    readonly reads_back: boolean
    readonly token_ids: readonly number[]
    readonly token_logprobs: readonly number[]
  }[]
}
interface GenerationManifest {
  readonly generation: {
    readonly prompts: number
    readonly completions: number
    readonly kept_prompts: number
    readonly prompt_tokens_computed: number
    readonly new_tokens: number
    readonly eos_token_ids: readonly number[]
    readonly eos_from: string
    readonly finish_reasons: Readonly<Record<string, number>>
    readonly recommended_sampling: string | null
    readonly rules_not_done: string | null
  }
  readonly failures: { readonly by_reason: Readonly<Record<string, number>> }
  readonly models: readonly { readonly text: { readonly template_sha256: string } }[]
}
const rowsOf = (path: string): GroupRow[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as GroupRow)
const DEMO = 'demo-policy-dpo/demo-prompts'
const generated = (out: string): string => at(out, DEMO, 'completions.jsonl')
const manifest = (out: string): GenerationManifest => readJson<GenerationManifest>(at(out, DEMO), 'run.json')
const generate = (out: string, ...more: string[]): Promise<Done> =>
  run('run-generate', ['--device', 'cpu', '--output-dir', at(out), ...more])

describe('without arguments', () => {
  it("gives transformers' greedy completions of the embedded prompts, in the order of the data", async () => {
    const done = await generate('demo')
    expect(done.code, done.stderr).toBe(0)
    const { models } = readPacked('expected.json.gz') as {
      models: Record<string, { items: { id: string; text: string; token_ids: number[]; near_ties: number[] }[] }>
    }
    const { items } = models['demo-policy-dpo']!
    const rows = rowsOf(generated('demo'))
    expect(rows.map(({ id }) => id)).toEqual(items.map(({ id }) => id))
    rows.forEach(({ completions }, i) => {
      const [tie] = items[i]!.near_ties
      expect(completions[0]!.token_ids.slice(0, tie)).toEqual(items[i]!.token_ids.slice(0, tie))
      if (tie === undefined) expect(completions[0]!.completion).toBe(items[i]!.text)
    })
    const { generation, models: used } = manifest('demo')
    expect(generation).toMatchObject({
      prompts: 50,
      completions: 50,
      prompt_tokens_computed: rows.reduce((sum, row) => sum + row.prompt_tokens, 0),
      new_tokens: rows.reduce((sum, row) => sum + row.completions[0]!.token_ids.length, 0),
      eos_token_ids: [3],
      eos_from: 'generation_config.json',
      finish_reasons: { stop: 50, stop_string: 0, length: 0 },
    })
    expect(used[0]!.text.template_sha256).toMatch(/^[0-9a-f]{64}$/)
    // nothing else stands in the folder, and what a later run replaces is known
    const names = readdirSync(at('demo', DEMO)).sort()
    expect(names).toEqual(['completions.jsonl', 'failures.csv', 'identity.json', 'run.json'])
    expect(names.filter(isResult)).toEqual(['failures.csv', 'run.json'])
  })

  it('is read by the commands that score', async () => {
    const on = ['--dataset', generated('demo'), '--output-dir', at('scored')]
    const verified = await run('run-verify', on)
    expect(verified.code, verified.stderr).toBe(0)
    expect(readCsv(at('scored/verifiable/completions'), 'scores.csv')).toHaveLength(50)
    for (const bin of ['run-rm', 'run-dpo'] as const) {
      const scored = await run(bin, [...QUICK, ...on])
      expect(scored.code, scored.stderr).toBe(0)
    }
    // Σ log-prob of the policy is that of the generation, where the text is cut into the tokens that were generated
    const scores = readCsv(at('scored/demo-policy-dpo__vs__demo-ref-sft/completions'), 'scores.csv')
    const alike = rowsOf(generated('demo')).filter(({ completions: [completion] }, i) => {
      if (!completion!.reads_back) return false
      expect(scores[i]!.completion_tokens).toBe(String(completion!.token_ids.length))
      expect(Math.abs(Number(scores[i]!.policy_logprob) - completion!.sum_logprob)).toBeLessThan(2e-4)
      return true
    })
    expect(alike.length).toBe(48)
  })

  it('a run beside others does not disturb analyze', async () => {
    const out = at('both')
    expect((await run('run-rm', [...QUICK, '--limit', '4', '--output-dir', out])).code).toBe(0)
    expect((await generate('both', '--limit', '2')).code).toBe(0)
    const analysed = await run('analyze', ['--output-dir', out, '--resamples', '100'])
    expect(analysed.code, analysed.stderr).toBe(0)
  })
})

describe('a run that goes on', () => {
  const drawn = ['--n', '2', '--temperature', '1', '--seed', '3', '--limit', '14', '--max-new-tokens', '60']
  const partial = (out: string): string => `${generated(out)}.partial`

  it('after a larger --limit keeps what is there, and gives the same file as at once', async () => {
    const first = [...drawn.slice(0, 6), '--max-new-tokens', '60']
    expect((await generate('grown', ...first, '--limit', '7')).code).toBe(0)
    const done = await generate('grown', ...first, '--limit', '14')
    expect(done.code, done.stderr).toBe(0)
    expect(manifest('grown').generation.kept_prompts).toBe(7)
    expect((await generate('at-once', ...drawn)).code).toBe(0)
    expect(readFileSync(generated('grown'), 'utf8')).toBe(readFileSync(generated('at-once'), 'utf8'))
    // nothing is left to do, and with other options everything
    expect((await generate('grown', ...drawn)).stdout).toContain(
      'nothing was left to generate; 14 prompts were complete',
    )
    const other = await generate('grown', ...drawn.map((arg) => (arg === '3' ? '4' : arg)))
    expect(other.stderr).toContain('replaces the run of')
    expect(manifest('grown').generation.kept_prompts).toBe(0)
  })

  it.each(['SIGINT', 'SIGKILL'] as const)('after %s', async (signal) => {
    const out = `stopped-${signal}`
    const args = ['--device', 'cpu', '--output-dir', at(out), ...drawn, '--batch-size', '2']
    const { child, done } = start('run-generate', args)
    let sent = false
    const timer = setInterval(() => {
      if (sent) return
      if (existsSync(partial(out)) && readFileSync(partial(out), 'utf8').split('\n').length > 4)
        sent = child.kill(signal)
    }, 2)
    const ended = await done.finally(() => clearInterval(timer))
    expect(ended.code).toBe(signal === 'SIGINT' ? 130 : null)
    if (signal === 'SIGINT') expect(ended.stderr).toMatch(/\d+ of 14 prompts are complete and kept/)
    expect(existsSync(generated(out))).toBe(false)
    // a line that was not written to its end
    appendFileSync(partial(out), '{"id": "half')
    const resumed = await generate(out, ...drawn)
    expect(resumed.code, resumed.stderr).toBe(0)
    expect(resumed.stderr).toContain('1 lines of an unfinished run could not be read')
    expect(manifest(out).generation.kept_prompts).toBeGreaterThanOrEqual(3)
    expect(readFileSync(generated(out), 'utf8')).toBe(readFileSync(generated('at-once'), 'utf8'))
    expect(existsSync(partial(out))).toBe(false)
  })

  it('whatever byte its file was cut at', async () => {
    expect((await generate('cut', ...drawn)).code).toBe(0)
    const header = JSON.stringify(
      readJson<{ generation: { header: unknown } }>(at('cut', DEMO), 'run.json').generation.header,
    )
    const whole = `${header}\n${readFileSync(generated('cut'), 'utf8')}`
    for (const share of [0, 0.1, 0.5, 0.97]) {
      writeFileSync(partial('cut'), whole)
      truncateSync(partial('cut'), Math.floor(share * statSync(partial('cut')).size))
      expect((await generate('cut', ...drawn)).code).toBe(0)
      expect(readFileSync(generated('cut'), 'utf8')).toBe(readFileSync(generated('at-once'), 'utf8'))
    }
  })
})

describe('rows', () => {
  it('of other kinds give their prompts; what is too long is listed, and the others are continued', async () => {
    const file = at('pairs.jsonl')
    const long = 'Which one? '.repeat(400)
    writeFileSync(
      file,
      jsonLines([
        { id: 'a', prompt: 'Name an ether.', chosen: 'CCOCC', rejected: 'CCO', solution: 'str_eval!:!x!:!kind' },
        { id: 'b', prompt: long, chosen: 'CCOCC', rejected: 'CCO' },
        { id: 'c', prompt: [{ role: 'user', content: 'Name an acid.' }], chosen: 'CC(=O)O', rejected: 'CCO' },
      ]),
    )
    const done = await generate('rows', '--dataset', file, '--max-new-tokens', '5')
    expect(done.code, done.stderr).toBe(4)
    expect(done.stderr).toContain('the rows have 6 completions (pair rows): their prompts alone are continued')
    const path = at('rows/demo-policy-dpo/pairs')
    const rows = rowsOf(join(path, 'completions.jsonl'))
    expect(rows.map(({ id }) => id)).toEqual(['a', 'c'])
    expect(rows[0]).toMatchObject({ prompt: 'Name an ether.', solution: 'str_eval!:!x!:!kind' })
    expect(readCsv(path, 'failures.csv')).toMatchObject([{ id: 'b', reason: 'too_long' }])
    expect(readJson<GenerationManifest>(path, 'run.json').failures.by_reason).toEqual({ too_long: 1 })
  })

  it('a conversation that ends where an answer is due is a prompt', async () => {
    const file = at('messages.jsonl')
    const messages = [
      { role: 'user', content: 'Name an ether.' },
      { role: 'assistant', content: 'CCOCC' },
      { role: 'user', content: 'Another one.' },
    ]
    writeFileSync(
      file,
      jsonLines([
        { id: 'due', messages },
        { id: 'answered', messages: messages.slice(0, 2) },
      ]),
    )
    const done = await generate('messages', '--dataset', file, '--max-new-tokens', '3')
    expect(done.code, done.stderr).toBe(0)
    expect(rowsOf(at('messages/demo-policy-dpo/messages/completions.jsonl')).map(({ prompt }) => prompt)).toEqual([
      messages,
      messages.slice(0, 1),
    ])
  })

  it('the end of the positions ends a completion, and that is said', async () => {
    const file = at('near.jsonl')
    writeFileSync(file, jsonLines([{ prompt: 'C'.repeat(495) }]))
    const done = await generate('near', '--dataset', file, '--chat-template', 'raw')
    expect(done.stderr).toMatch(/1 of 1 completions end at a limit: --max-new-tokens 512, or the model's 512 positions/)
    const [row] = rowsOf(at('near/demo-policy-dpo/near/completions.jsonl'))
    expect(row!.prompt_tokens + row!.completions[0]!.token_ids.length).toBe(512)
  })
})

describe('what ends a text', () => {
  const own = (name: string, generation: object | null, config: object = {}): string => {
    const dir = at(name)
    cpSync(packagePath('src/embedded/demo/demo-policy-dpo'), dir, { recursive: true })
    const write = (file: string, value: unknown): void => writeFileSync(join(dir, file), JSON.stringify(value))
    if (generation === null) rmSync(join(dir, 'generation_config.json'))
    else write('generation_config.json', generation)
    write('config.json', { ...readJson<object>(dir, 'config.json'), ...config })
    return dir
  }
  it.each([
    ['generation_config.json', own('listed', { eos_token_id: [21, 3] }), [21, 3]],
    ['config.json', own('config', {}, { eos_token_id: 21 }), [21]],
    ['tokenizer', own('none', null, { eos_token_id: null }), [3]],
  ] as const)('is what %s says', async (from, model, ids) => {
    const done = await generate(`eos-${from}`, '--model', model, '--limit', '4')
    expect(done.code, done.stderr).toBe(0)
    const path = at(`eos-${from}`, model.slice(at('').length), 'demo-prompts')
    const { generation } = readJson<GenerationManifest>(path, 'run.json')
    expect([generation.eos_from, generation.eos_token_ids]).toEqual([from, ids])
    for (const { completions } of rowsOf(join(path, 'completions.jsonl')))
      expect(ids).toContain(completions[0]!.token_ids.at(-1))
  })
  it('an id that is no token is refused', async () => {
    const bad = await generate('bad', '--model', own('beyond', { eos_token_id: 600 }))
    expect(bad).toMatchObject({ code: 5, stderr: expect.stringContaining('names 600 as eos_token_id') })
    const text = await generate('bad', '--model', own('text', { eos_token_id: '3' }))
    expect(text).toMatchObject({ code: 5, stderr: expect.stringContaining('names "3" as eos_token_id') })
  })
  it.each([
    ['{', 'the file is not valid JSON'],
    ['[3]', 'the file is not a JSON object'],
    ['null', 'the file is not a JSON object'],
  ])('a damaged generation_config.json is refused, not passed over: %s', async (content, says) => {
    const model = own('damaged', {})
    writeFileSync(join(model, 'generation_config.json'), content)
    const done = await generate('damaged', '--model', model)
    expect(done).toMatchObject({ code: 5, stderr: expect.stringContaining(says) })
  })
  it('sampling that is recommended, and rules that are not followed, are said', async () => {
    const said = own('recommended', { eos_token_id: 3, temperature: 0.6, top_p: 0.9 })
    const done = await generate('said', '--model', said, '--limit', '1')
    expect(done.stderr).toContain('generation_config.json recommends sampling (temperature 0.6, top_p 0.9)')
    expect(done.stderr).not.toContain('which is not done')
    const rules = {
      do_sample: false,
      repetition_penalty: 1.1,
      suppress_tokens: [3],
      min_length: 0,
      bad_words_ids: null,
    }
    const ruled = own('ruled', { eos_token_id: 3, ...rules })
    const other = await generate('ruled', '--model', ruled, '--limit', '1')
    const rule = 'repetition_penalty 1.1, suppress_tokens [3]'
    expect(other.stderr).toContain(`generation_config.json also asks for ${rule}, which is not done`)
    const { generation } = readJson<GenerationManifest>(at('ruled', 'ruled', 'demo-prompts'), 'run.json')
    expect(generation.rules_not_done).toBe(rule)
  })
})

describe('refusals', () => {
  const parity = (...path: string[]): string => packagePath('test/data/parity', ...path)
  it.each([
    ['an encoder', ['--model', parity('bert')], 5, 'it gives rewards, no text'],
    ['a reward model', ['--model', parity('llama-gqa')], 5, 'has a classification head (score)'],
    ['a ready-made export', ['--graph', 'onnx'], 2, '--graph: unknown flag'],
    ['a device that is not there', ['--device', 'cuda:9'], 6, 'cuda'],
    ['no prompt at all', ['--dataset', packagePath('test/data/generation/SOURCE.md')], 3, ''],
  ] as const)('%s', async (_, args, code, says) => {
    const out = at(`refused-${Math.random()}`)
    const done = await run('run-generate', ['--output-dir', out, ...args])
    expect(done.code, done.stderr).toBe(code)
    expect(done.stderr).toContain(says)
    expect(existsSync(out)).toBe(false)
  })
})
