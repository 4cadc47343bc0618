import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { type Bin, type Done, manifestOf, QUICK, readCsv, readJson, run, temporaryFolder } from './bin.ts'

/** --herm-compat against RewardBench's own command line (scripts/oracles/herm.py). */
const folder = temporaryFolder()
afterAll(() => folder.remove())
const data = (...path: string[]): string => packagePath('test/data/herm', ...path)

interface Variant {
  readonly config_pad: number | null
  readonly tokenizer_pad: string | null
  readonly tokenizer_class: string
  readonly own_template: boolean
  readonly chat_template: string | null
  readonly scores: readonly (readonly [number, number])[]
}
const variants = Object.entries(readJson<Record<string, Variant>>(data('expected.json')))

/** The checkpoint of a variant. */
function layOut(
  name: string,
  variant: Pick<Variant, 'config_pad' | 'tokenizer_pad' | 'tokenizer_class' | 'own_template'>,
) {
  const dir = join(folder.path, 'models', name)
  cpSync(data('model'), dir, { recursive: true })
  const edit = (file: string, change: (json: Record<string, unknown>) => void): void => {
    const json = readJson<Record<string, unknown>>(dir, file)
    change(json)
    writeFileSync(join(dir, file), JSON.stringify(json))
  }
  edit('config.json', (config) => {
    if (variant.config_pad !== null) config.pad_token_id = variant.config_pad
  })
  edit('tokenizer_config.json', (config) => {
    if (variant.tokenizer_pad !== null) config.pad_token = variant.tokenizer_pad
    if (!variant.own_template) delete config.chat_template
    config.tokenizer_class = variant.tokenizer_class
  })
  return dir
}
const go = (bin: Bin, dir: string, name: string, ...args: string[]): Promise<Done> =>
  run(bin, [
    ...['--model', dir, '--name', name, '--dataset', data('pairs.jsonl')],
    ...['--output-dir', folder.path, ...QUICK, ...args],
  ])

describe.concurrent("RewardBench's scores", () => {
  it.each(variants)('%s', async (name, variant) => {
    const template = variant.chat_template === null ? [] : ['--chat_template', variant.chat_template]
    const done = await go('run-rm', layOut(name, variant), name, '--herm-compat', ...template)
    expect(done.code, done.stderr).toBe(0)
    const pairs = readCsv(folder.path, name, 'pairs', 'pairs.csv')
    for (const [i, [chosen, rejected]] of variant.scores.entries()) {
      // seen: 1.2e-6
      expect(Math.abs(Number(pairs[i]!.chosen_score) - chosen)).toBeLessThan(2e-5)
      expect(Math.abs(Number(pairs[i]!.rejected_score) - rejected)).toBeLessThan(2e-5)
    }
    const [model] = manifestOf(folder.path, name, 'pairs').models
    const used = variant.own_template ? 'tokenizer' : variant.chat_template
    expect(model!.text).toMatchObject({ chat_template: used })
    expect(readJson(folder.path, name, 'pairs', 'herm', 'eval-set', `${name}.json`)).toMatchObject({
      chat_template: used,
    })
    const pad = /as in RewardBench, the pad token is (\S+) \((\d+)\): (.*)/.exec(done.stderr)
    // said exactly where it is not config.json's
    expect(pad === null).toBe(variant.config_pad !== null && variant.tokenizer_pad !== null)
    if (variant.tokenizer_pad === null) expect(pad!.slice(1, 3)).toEqual(['<|eot_id|>', '4'])
    const overruled = variant.own_template && variant.chat_template !== null
    expect(done.stderr.includes('--chat-template tulu is not used: as in RewardBench')).toBe(overruled)
  })
})

describe.concurrent('around them', () => {
  const own = { config_pad: 5, tokenizer_pad: null, tokenizer_class: 'PreTrainedTokenizerFast', own_template: true }

  it('without --herm-compat the template that is named is taken, and the pad is that of config.json', async () => {
    const done = await go('run-rm', layOut('plain', own), 'plain', '--chat_template', 'tulu')
    expect(done.code).toBe(0)
    expect(done.stderr).not.toContain('RewardBench')
    expect(manifestOf(folder.path, 'plain', 'pairs').models[0]!.text).toMatchObject({
      chat_template: 'tulu',
      pad_token_id: 5,
    })
  })

  it('run-dpo: the same template rule, and a missing BOS is said', async () => {
    const policy = packagePath('test/data/parity/dpo-qwen2/policy')
    const done = await go('run-dpo', policy, 'policy', '--herm-compat', '--chat_template', 'tulu')
    expect(done.code, done.stderr).toBe(0)
    expect(done.stderr).toContain('--chat-template tulu is not used: as in RewardBench')
    expect(done.stderr).toContain('has no BOS: as in RewardBench, its EOS')
    expect(manifestOf(folder.path, 'policy', 'pairs').models[0]!.text).toMatchObject({ chat_template: 'tokenizer' })
  })

  it('a tokenizer with neither pad nor EOS: RewardBench has no score', async () => {
    const dir = layOut('no-eos', own)
    const path = join(dir, 'tokenizer_config.json')
    const config = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    delete config.eos_token
    writeFileSync(path, JSON.stringify(config))
    const done = await go('run-rm', dir, 'no-eos', '--herm-compat')
    expect(done.code).toBe(5)
    expect(done.stderr).toContain('neither a pad token nor an EOS: RewardBench cannot score with it')
  })
})

describe.concurrent('the command line', () => {
  it.each(['run-rm', 'run-dpo'] as const)('%s: what is refused and what is accepted of HERM', async (bin) => {
    for (const [flag, value] of [
      ['--wandb_run', 'a/b/c'],
      ['--push_results_to_hub', 'True'],
      ['--torch_dtype', 'float64'],
    ] as const) {
      const done = await run(bin, [flag, value])
      expect(done.code).toBe(2)
      expect(done.stderr).toContain(`${bin}: ${flag}`)
    }
    const accepted = await run(bin, [
      ...['--save_all', '--force_truncation', '--direct_load', '--limit', '2'],
      ...['--output-dir', join(folder.path, 'accepted'), ...QUICK],
    ])
    expect(accepted.code, accepted.stderr).toBe(0)
    for (const flag of ['--save_all', '--force_truncation', '--direct_load'])
      expect(accepted.stderr).toContain(`${bin}: ${flag} is accepted: `)
  })

  it('a judge is refused before anything is fetched', async () => {
    const done = await run('run-rm', ['--model', 'gpt-4'])
    expect(done.code).toBe(2)
    expect(done.stderr).toContain('--model gpt-4: is a generative judge behind an API: not run here')
    const shp = await run('run-rm', ['--model', 'stanfordnlp/SteamSHP-flan-t5-xl'])
    expect(shp.code).toBe(5)
    expect(shp.stderr).toContain('stanfordnlp/SteamSHP-flan-t5-xl: is a T5 encoder-decoder')
  })
})
