import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { scoreCompletions } from '../../src/index.ts'
import { packagePath } from '../../src/package.ts'
import { jsonLines, QUICK, readCsv, readJson, run, temporaryFolder } from './bin.ts'

/** Ready-made ONNX exports through the bins and the library, from messages to scores.csv, against transformers' numbers. */

const temporary = temporaryFolder()
afterAll(temporary.remove)
let folders = 0

/** A checkpoint of test/data/parity with its exports beside it; without safetensors, what a folder of exports alone looks like. */
function model(name: string, safetensors: boolean): string {
  const folder = join(temporary.path, `model-${++folders}`, name.split('/').at(-1)!)
  if (name !== 'bert') cpSync(packagePath('test/data/parity', name), folder, { recursive: true })
  cpSync(packagePath('test/data/onnx', name), folder, { recursive: true })
  if (!safetensors) rmSync(join(folder, 'model.safetensors'), { force: true })
  return folder
}

interface Case {
  readonly id: string
  readonly messages: readonly { readonly role: string; readonly content: string }[] | null
  readonly text_pair: string | null
  readonly truncation: object | null
  readonly scores: readonly number[]
}
/** Whole texts of a golden as rows: the last message is the completion. */
function golden(name: string): {
  readonly rows: readonly { id: string }[]
  readonly scores: ReadonlyMap<string, number>
  readonly atol: number
} {
  const path =
    name === 'bert'
      ? packagePath('test/data/onnx/bert/golden.json.gz')
      : packagePath('test/data/parity', name, 'golden.json')
  const raw = readFileSync(path)
  const { cases, tolerance_advice } = JSON.parse((path.endsWith('gz') ? gunzipSync(raw) : raw).toString()) as {
    cases: readonly Case[]
    tolerance_advice: { atol: number }
  }
  const whole = cases.filter(
    ({ truncation, text_pair, messages }) => truncation === null && text_pair === null && messages !== null,
  )
  return {
    rows: whole.map(({ id, messages }) => ({
      id,
      prompt: messages!.slice(0, -1),
      completions: [messages!.at(-1)!.content],
    })),
    scores: new Map(whole.map(({ id, scores }) => [id, scores[0]!])),
    atol: tolerance_advice.atol,
  }
}

interface Graph {
  readonly kind: string
  readonly file?: string
  readonly dtype?: string
  readonly batches?: string
  readonly pooling?: string | null
  readonly external_data?: readonly string[]
  readonly producer?: string
  readonly opset?: object
  readonly outputs_not_read?: readonly string[]
}
interface Compared {
  readonly completions: number
  readonly pairs: number
  readonly flipped_pairs: number
  readonly largest_difference: number
  readonly models: readonly {
    readonly role: string
    readonly largest_difference: number | null
    readonly not_compared: string | null
  }[]
}
interface Ran {
  readonly code: number | null
  readonly stderr: string
  readonly scores: readonly Readonly<Record<string, string>>[]
  readonly record: {
    readonly models: readonly {
      readonly graph: Graph
      readonly dtype: string
      readonly weights_sha256: string
      readonly files: readonly { name: string }[]
    }[]
    readonly graph: { readonly comparison: Compared } | null
    readonly plan: { readonly layout: string }
    readonly warnings: readonly string[]
  }
  readonly report: string
}
async function ran(
  bin: 'run-rm' | 'run-dpo',
  args: readonly string[],
  output = join(temporary.path, `out-${++folders}`),
): Promise<Ran> {
  const done = await run(bin, [...QUICK, '--output-dir', output, '--name', 'm', ...args])
  const folder = join(output, 'm', dataset(args))
  return {
    code: done.code,
    stderr: done.stderr,
    scores: readCsv(folder, 'scores.csv'),
    record: readJson(folder, 'run.json'),
    report: readFileSync(join(folder, 'report.html'), 'utf8'),
  }
}
const dataset = (args: readonly string[]): string =>
  args.includes('--dataset')
    ? args[args.indexOf('--dataset') + 1]!.split('/').at(-1)!.replace('.jsonl', '')
    : 'demo-pairs'

function written(rows: readonly unknown[]): string {
  const path = join(temporary.path, `rows-${++folders}.jsonl`)
  writeFileSync(path, jsonLines(rows))
  return path
}

describe.each(['bert', 'gpt2', 'llama-gqa'])('%s without safetensors', (name) => {
  it("is run as it is, that is said, and gives transformers' scores", async () => {
    const { rows, scores, atol } = golden(name)
    expect(rows.length).toBeGreaterThan(8)
    const done = await ran('run-rm', ['--model', model(name, false), '--dataset', written(rows)])
    expect(done.stderr).toMatch(/has no safetensors: its (onnx\/)?model\.onnx is run as it is \(--graph onnx\)/)
    expect(done.stderr).toMatch(/model\.onnx as it is: fp32, opset 18, by pytorch 2\.15\.0/)
    expect(done.record.plan.layout).toBe('padded')
    let seen = 0
    for (const { id, score } of done.scores) {
      if (score === '') continue
      expect(Math.abs(Number(score) - scores.get(id!)!), id).toBeLessThan(atol)
      seen++
    }
    // an empty completion and the like may be unscored, with a reason of their own
    expect(seen).toBeGreaterThan(8)
    expect(done.scores.every(({ score, score_reason }) => (score === '') === (score_reason !== ''))).toBe(true)
    expect(done.record.graph!.comparison.models[0]!.not_compared).toMatch(/has neither model\.safetensors nor/)
    expect(done.stderr).toMatch(/is not compared with a graph built from safetensors: \S+: has neither/)
  })
})

describe('an encoder reads prompt and completion as a pair', () => {
  const { cases } = JSON.parse(
    gunzipSync(readFileSync(packagePath('test/data/onnx/bert/golden.json.gz'))).toString(),
  ) as {
    cases: readonly Case[]
  }
  const pairs = cases.filter(({ truncation, text_pair }) => truncation === null && text_pair !== null)
  const typed = readJson<Record<string, Record<string, number[]>>>(packagePath('test/data/onnx/bert/expected.json'))
  const expected = {
    with: typed['with token types']!,
    without: Object.fromEntries(pairs.map(({ id, scores }) => [id, scores])),
  }
  it.each(['with', 'without'] as const)('%s token types, as its tokenizer gives them', async (which) => {
    const folder = model('bert', false)
    if (which === 'with') {
      const path = join(folder, 'tokenizer_config.json')
      const names = ['input_ids', 'token_type_ids', 'attention_mask']
      writeFileSync(path, JSON.stringify({ ...readJson<object>(path), model_input_names: names }))
    }
    const rows = pairs.map(({ id, messages, text_pair }) => ({
      id,
      prompt: messages![0]!.content,
      completions: [text_pair],
    }))
    const { scores } = await ran('run-rm', ['--model', folder, '--chat-template', 'pair', '--dataset', written(rows)])
    expect(scores).toHaveLength(3)
    for (const { id, score } of scores)
      expect(Math.abs(Number(score) - expected[which][id!]![0]!), id).toBeLessThan(2.9e-5)
  })
})

it('--certify scores the probes with the export: equal to itself alone and padded', async () => {
  const output = join(temporary.path, 'certified')
  const args = ['--model', model('gpt2', false), '--limit', '2', '--certify']
  const { stderr } = await ran('run-rm', args, output)
  expect(stderr).toMatch(/rm gpt2: consistent on cpu in fp32; \d+ of \d+ probes/)
  const certificate = readJson<{
    models: { devices: { layouts: { layout: string; itself: { share: number } | null }[] }[] }[]
  }>(output, 'm', 'demo-pairs', 'certificate.json')
  const { layouts } = certificate.models[0]!.devices[0]!
  expect(layouts.map(({ layout }) => layout)).toEqual(['alone', 'padded'])
  expect(layouts[1]!.itself!.share).toBeLessThan(1)
})

describe('both in one folder', () => {
  it('builds the graph unless the export is asked for; neither takes the measurements of the other', async () => {
    const folder = model('gpt2', true)
    const output = join(temporary.path, 'both')
    const pairs = ['--model', folder, '--limit', '20']
    const built = await ran('run-rm', pairs, output)
    expect(built.record.models[0]!.graph).toEqual({ kind: 'checkpoint', attention: 'split' })
    expect(built.record.graph).toBeNull()
    const run2 = await run('run-rm', [...QUICK, '--output-dir', output, '--name', 'm', ...pairs, '--graph', 'onnx'])
    expect(run2.stderr).toContain('belongs to other weights')
    expect(run2.stderr).not.toContain('of an earlier run')
  })

  it('compares the two on the first completions, on screen, in the manifest and in the report', async () => {
    const { record, stderr, report } = await ran('run-rm', [
      '--model',
      model('llama-gqa', true),
      '--limit',
      '20',
      '--graph',
      'onnx',
    ])
    expect(record.models[0]!.graph).toMatchObject({
      kind: 'onnx',
      file: 'model.onnx',
      external_data: ['model.onnx_data'],
      producer: 'pytorch 2.15.0',
      opset: { 'ai.onnx': 18 },
      dtype: 'fp32',
      provider: 'CPUExecutionProvider',
      batches: 'padded',
      pooling: 'rightmost not pad',
    })
    expect(record.models[0]!.files.map(({ name }) => name)).toEqual(['config.json', 'model.onnx', 'model.onnx_data'])
    const { comparison } = record.graph!
    expect(comparison).toMatchObject({
      completions: 32,
      pairs: 16,
      flipped_pairs: 0,
      models: [{ role: 'rm', not_compared: null }],
    })
    expect(comparison.largest_difference).toBeGreaterThan(0)
    expect(comparison.largest_difference).toBeLessThan(2e-5)
    expect(stderr).toContain(
      'rm: model.onnx (fp32) against the graph built from its safetensors (fp32), 32 completions: largest difference',
    )
    expect(stderr).toContain('0 of 16 pairs come out otherwise')
    expect(report).toContain('comparison › largest_difference')
  })

  it('warns where pairs come out otherwise: safetensors whose head has its signs turned', async () => {
    const folder = model('llama-gqa', true)
    const bytes = readFileSync(join(folder, 'model.safetensors'))
    const header = Number(bytes.readBigUInt64LE())
    const { 'score.weight': head } = JSON.parse(bytes.subarray(8, 8 + header).toString()) as Record<
      string,
      { data_offsets: [number, number] }
    >
    for (let at = head!.data_offsets[0]; at < head!.data_offsets[1]; at += 4)
      bytes.writeFloatLE(-bytes.readFloatLE(8 + header + at), 8 + header + at)
    writeFileSync(join(folder, 'model.safetensors'), bytes)
    const { record, stderr } = await ran('run-rm', ['--model', folder, '--limit', '20', '--graph', 'onnx'])
    expect(record.graph!.comparison).toMatchObject({ pairs: 16, flipped_pairs: 16 })
    expect(stderr).toContain('warning: rm: model.onnx (fp32) against the graph built from its safetensors')
    expect(record.warnings.join()).toContain('16 of 16 pairs come out otherwise')
  })

  it('takes a quantised file by name, calls it so, and runs texts alone where the company moves them', async () => {
    const folder = model('gpt2', true)
    const { record, stderr, scores } = await ran('run-rm', [
      '--model',
      folder,
      '--limit',
      '20',
      '--onnx-file',
      'model_quantized',
    ])
    expect(record.models[0]).toMatchObject({
      dtype: 'q8',
      graph: { file: 'onnx/model_quantized.onnx', dtype: 'q8', batches: 'one by one' },
    })
    expect(stderr).toContain('(activations are quantised over the whole batch), so each runs alone')
    expect(record.graph!.comparison.largest_difference).toBeGreaterThan(1e-3)
    expect(stderr).not.toContain('M parameters')
    expect(stderr).toContain('drift of q8 against fp32: not measured, a ready-made export has one number format')
    expect(scores.every(({ score }) => score !== '')).toBe(true)
  })
})

it('a policy of one kind and a reference of the other', async () => {
  const policy = model('dpo-llama/policy', false)
  const reference = packagePath('test/data/parity/dpo-llama/reference')
  const both = packagePath('test/data/parity/dpo-llama/policy')
  const mixed = await ran('run-dpo', ['--model', policy, '--ref-model', reference, '--limit', '12'])
  const built = await ran('run-dpo', ['--model', both, '--ref-model', reference, '--limit', '12'])
  expect(mixed.record.models.map(({ graph }) => graph.kind)).toEqual(['onnx', 'checkpoint'])
  expect(mixed.record.models[0]!.graph.outputs_not_read).toHaveLength(4)
  expect(mixed.scores).toHaveLength(24)
  for (const [i, { score, policy_logprob }] of mixed.scores.entries()) {
    expect(Math.abs(Number(score) - Number(built.scores[i]!.score))).toBeLessThan(1e-4)
    expect(Math.abs(Number(policy_logprob) - Number(built.scores[i]!.policy_logprob))).toBeLessThan(1e-3)
  }
})

describe('refused', () => {
  const refusal = async (...args: string[]): Promise<string> => {
    const done = await run('run-rm', [...QUICK, '--output-dir', join(temporary.path, 'none'), ...args])
    return `${done.code} ${done.stderr}`
  }
  it('the checkpoint of a folder that has only exports', async () => {
    expect(await refusal('--model', model('bert', false), '--graph', 'checkpoint')).toMatch(
      /^5 [\s\S]*has neither model\.safetensors nor/,
    )
  })
  it('a dtype that the file does not have', async () => {
    expect(await refusal('--model', model('gpt2', false), '--dtype', 'fp32', '--onnx-file', 'model_fp16.onnx')).toMatch(
      /^2 [\s\S]*--dtype fp32: onnx\/model_fp16\.onnx computes in fp16, as it was exported/,
    )
  })
})

describe('scoreCompletions', () => {
  it('runs an export, and says what its first runs showed', async () => {
    const { rows, scores, atol } = golden('gpt2')
    const notes: string[] = []
    let seen = 0
    for await (const { id, completions } of scoreCompletions(model('gpt2', true), rows, {
      device: 'cpu',
      graph: 'onnx',
      onNote: (note) => notes.push(note),
    })) {
      const { score } = completions[0]!
      if (score === null) continue
      expect(Math.abs(score - scores.get(id!)!), id!).toBeLessThan(atol)
      seen++
    }
    expect(seen).toBeGreaterThan(8)
    const quantised: string[] = []
    const options = { device: 'cpu', onnxFile: 'model_quantized.onnx', onNote: (note: string) => quantised.push(note) }
    for await (const { completions } of scoreCompletions(model('gpt2', true), rows.slice(0, 2), options))
      expect(completions).toHaveLength(1)
    expect(quantised.join()).toContain('so each runs alone')
    expect(notes.join()).not.toContain('so each runs alone')
  })
  it('refuses what is no graph', async () => {
    const first = scoreCompletions(null, [], { graph: 'torch' as 'onnx' }).next()
    await expect(first).rejects.toThrow('is "torch"')
  })
})
