import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { packagePath } from '../../src/package.ts'
import { call } from '../command.ts'

const FILE = packagePath('configs/eval_configs.yaml')
const herm = parse(readFileSync(FILE, 'utf8')) as Record<string, Record<string, unknown>>
const printed = (bin: 'run-rm' | 'run-dpo', ...args: string[]) =>
  call(bin, ['--config', FILE, '--print-config', ...args])

it("RewardBench's file as it is: --model chooses, its entry becomes options", async () => {
  const { code, stdout, stderr } = await printed('run-rm', '--model', 'Skywork/Skywork-Reward-Gemma-2-27B')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const config = parse(stdout) as Record<string, unknown>
  expect(config).toMatchObject({
    model: 'Skywork/Skywork-Reward-Gemma-2-27B',
    dtype: 'bf16',
    'batch-size': herm['Skywork/Skywork-Reward-Gemma-2-27B']!.batch_size,
  })
  expect(config).not.toHaveProperty('chat-template')
})

it('another template, another tokenizer, a limit, a reference', async () => {
  const starling = parse((await printed('run-rm', '--model', 'berkeley-nest/Starling-RM-7B-alpha')).stdout) as object
  expect(starling).toMatchObject({ 'chat-template': 'llama-2', tokenizer: 'meta-llama/Llama-2-7b-chat-hf' })
  const qrm = parse((await printed('run-rm', '--model', 'nicolinho/QRM-Gemma-2-27B')).stdout) as object
  expect(qrm).toMatchObject({ 'max-length': herm['nicolinho/QRM-Gemma-2-27B']!.max_length })
  const tulu = parse((await printed('run-dpo', '--model', 'allenai/tulu-2-dpo-7b')).stdout) as object
  expect(tulu).toMatchObject({ 'ref-model': 'allenai/tulu-2-7b', 'chat-template': 'tulu' })
})

it('flags win over it', async () => {
  const { stdout } = await printed(
    'run-rm',
    '--model',
    'openbmb/UltraRM-13b',
    '--chat-template',
    'raw',
    '--batch-size',
    '3',
  )
  expect(parse(stdout)).toMatchObject({ 'chat-template': 'raw', 'batch-size': 3 })
})

it('a flag wins over it in either spelling; two spellings on one level contradict', async () => {
  const model = 'Skywork/Skywork-Reward-Gemma-2-27B'
  for (const flag of [
    ['--dtype', 'fp32'],
    ['--torch_dtype', 'float32'],
  ]) {
    const { code, stdout, stderr } = await printed('run-rm', '--model', model, ...flag)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(parse(stdout)).not.toHaveProperty('dtype', 'bf16')
  }
  const both = await printed('run-rm', '--model', model, '--dtype', 'fp32', '--torch_dtype', 'bfloat16')
  expect(both.stderr).toContain('--torch-dtype bfloat16: contradicts --dtype fp32')
})

it.each([
  [['run-rm'], 'has 122 models and none is chosen\n  Name one with --model.'],
  [
    ['run-rm', '--model', 'openbmb/UltraRM-13'],
    'does not have openbmb/UltraRM-13\n  Did you mean openbmb/UltraRM-13b?',
  ],
  [
    ['run-rm', '--model', 'allenai/tulu-2-dpo-7b'],
    'allenai/tulu-2-dpo-7b: is a DPO policy\n  Measure it with run-dpo.',
  ],
  [['run-dpo', '--model', 'openbmb/UltraRM-13b'], 'openbmb/UltraRM-13b: is a reward model\n  Measure it with run-rm.'],
] as const)('%j is refused', async ([bin, ...args], message) => {
  const { code, stdout, stderr } = await printed(bin, ...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
})

it('every entry is read by the command that it is for', async () => {
  for (const [model, { dpo, torch_dtype }] of Object.entries(herm)) {
    const { code, stdout, stderr } = await printed(dpo === true ? 'run-dpo' : 'run-rm', '--model', model)
    expect(code, `${model}: ${stderr}`).toBe(0)
    const { dtype } = parse(stdout) as { dtype: string }
    if (torch_dtype != null) expect(dtype, model).toBe('bf16')
  }
})
