import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { supportedArchitectures } from '../../src/model/archs/index.ts'
import { packagePath } from '../../src/package.ts'
import { type KnownModel, knownModels } from '../../src/setup/known-models.ts'
import { call } from '../command.ts'

interface Listed {
  readonly architectures: string[]
  readonly heads: string[]
  readonly templates: string[]
  readonly models: KnownModel[]
}
const known = knownModels()
const herm = parse(readFileSync(packagePath('configs/eval_configs.yaml'), 'utf8')) as Record<
  string,
  {
    readonly dpo: boolean
    readonly chat_template: string | null
    readonly ref_model?: string
    readonly tokenizer: string
  }
>

it('--json lists what is built', async () => {
  const { code, stdout, stderr } = await call('models', ['--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const found = JSON.parse(stdout) as Listed
  expect(found.architectures).toEqual(supportedArchitectures)
  expect(found.heads).toEqual(expect.arrayContaining(['armorm', 'pairrm', 'letters']))
  expect(found.templates).toEqual(expect.arrayContaining(['tokenizer', 'pair', 'raw', 'tulu', 'Yi-34b-chat']))
  expect(found.models).toEqual(known)
})

it('the table names every model, and says why one is not run', async () => {
  expect((await call('models', [])).stdout).toContain('RewardBench 2, %')
  const { stdout } = await call('models', [])
  for (const { name, refused } of known) {
    expect(stdout).toContain(name)
    if (refused !== null) expect(stdout).toContain(`  ${name}: ${refused}`)
  }
})

it('every configuration of RewardBench is known, with its template, its reference and its tokenizer', () => {
  for (const [name, config] of Object.entries(herm)) {
    const model = known.find((one) => one.name === name)
    expect(model, name).toMatchObject({ command: config.dpo ? 'run-dpo' : 'run-rm' })
    expect(model!.reference, name).toBe(config.ref_model ?? null)
    // PairRM's texts are a format of its own, of which RewardBench takes no template either
    if (model!.head !== null && model!.head !== 'pairrm' && config.chat_template !== 'raw')
      expect(model!.chatTemplate, name).toBe(config.chat_template ?? null)
    if (!config.dpo && config.tokenizer !== name && config.tokenizer)
      expect(model!.tokenizer, name).toBe(config.tokenizer)
  }
})

it('most of them are of an architecture and a head that are built', () => {
  const scalar = known.filter(({ name, command }) => command === 'run-rm' && Object.hasOwn(herm, name))
  expect(scalar).toHaveLength(74)
  expect(scalar.filter(({ refused }) => refused !== null).map(({ name }) => name)).toEqual([
    'mightbe/Better-PairRM',
    'stanfordnlp/SteamSHP-flan-t5-xl',
    'stanfordnlp/SteamSHP-flan-t5-large',
    'nicolinho/QRM-Llama3.1-8B-v2',
    'Skywork/Skywork-VL-Reward-7B',
  ])
})
