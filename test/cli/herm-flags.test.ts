import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { HERM_REFUSED, hermRemarks } from '../../src/cli/herm-flags.ts'
import { BIN_OPTIONS, byFlag, otherBins } from '../../src/cli/options.ts'
import { parseArgs } from '../../src/cli/parse.ts'
import { toRunConfig } from '../../src/setup/config.ts'

const folder = mkdtempSync(join(tmpdir(), 'chemherm-herm-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Bin = 'run-rm' | 'run-dpo'
const BINS = ['run-rm', 'run-dpo'] as const
const parse = (bin: Bin, ...argv: string[]) =>
  parseArgs({ name: bin, summary: '', examples: [] }, BIN_OPTIONS[bin], argv)
const configOf = async (bin: Bin, ...argv: string[]) => toRunConfig(bin, (await parse(bin, ...argv))!)

/**
 * Every flag that RewardBench's command lines have ever had (git history of rewardbench/rewardbench.py, tags v0.1.0 to v0.1.4, and of
 * the scripts up to commit 05a9005).
 */
const HERM_FLAGS = {
  rewardbench:
    'attn_implementation batch_size chat_template dataset debug force_truncation hf_entity hf_name load_json max_length model not_quantized output_dir prioritize_scoring push_results_to_hub ref_model revision save_all split tokenizer torch_dtype trust_remote_code upload_metadata_to_hf upload_model_metadata_to_hf wandb_run',
  'run_rm.py':
    'attn_implementation batch_size chat_template debug direct_load disable_beaker_save do_not_save max_length model not_quantized pref_sets tokenizer torch_dtype trust_remote_code',
  'run_dpo.py':
    'batch_size chat_template debug direct_load disable_beaker_save do_not_save model not_quantized pref_sets ref_free_type ref_model tokenizer torch_dtype trust_remote_code',
  'run_v2.py':
    'attn_implementation batch_size best_of chat_template dataset debug disable_beaker_save do_not_save max_length model quantized revision tokenizer torch_dtype trust_remote_code',
  'run_generative.py and run_generative_v2.py':
    'chat_template dataset debug disable_beaker_save do_not_save force_local model no_system_prompt num_gpus num_threads pref_sets score_w_ratings trust_remote_code vllm_gpu_util vllm_max_seq_length',
  'run_bon.py': 'batch_size best_of chat_template debug do_not_save model tokenizer trust_remote_code',
}

describe.each(Object.entries(HERM_FLAGS))('%s', (_, flags) => {
  it.each(flags.split(' '))('--%s is known by both bins, or refused by name', async (flag) => {
    const name = flag.replaceAll('_', '-')
    for (const bin of BINS) {
      if (name in byFlag(BIN_OPTIONS[bin])) continue
      const spellings = [`--${flag}`, `--${name}`, `--${flag}=1`]
      for (const spelling of spellings) {
        const refused = parse(bin, spelling, '1')
        if (name in HERM_REFUSED) {
          await expect(refused).rejects.toMatchObject({ tag: 'usage', where: `--${flag}`, ...asRefusal(name) })
        } else
          await expect(refused).rejects.toMatchObject({
            tag: 'usage',
            hint: expect.stringContaining(otherBins(name, bin)),
          })
      }
    }
  })
})
const asRefusal = (name: string) => ({ message: HERM_REFUSED[name]!.what, hint: HERM_REFUSED[name]!.hint })

describe('flags that stand for others', () => {
  it('quantized: true of a configuration is said not to be done, quantized: false is what is done', async () => {
    const file = join(folder, 'quantized.yaml')
    const remarks = async (quantized: string): Promise<string[]> => {
      writeFileSync(file, `org/name:\n  quantized: ${quantized}\n`)
      return hermRemarks((await parse('run-rm', '--model', 'org/name', '--config', file))!, 'run-rm')
    }
    expect(await remarks('True')).toEqual([expect.stringMatching(/^quantized: true is not done here: /)])
    expect(await remarks('False')).toEqual([expect.stringMatching(/^--not_quantized is accepted: /)])
  })
  it('--force_truncation cuts on the left, at the default of RewardBench, or at --max_length', async () => {
    expect(await configOf('run-rm', '--force_truncation')).toMatchObject({ truncation: 'left', maxLength: 512 })
    expect(await configOf('run-rm', '--force_truncation', '--max_length', '700')).toMatchObject({
      truncation: 'left',
      maxLength: 700,
    })
    expect(await configOf('run-rm', '--force_truncation', 'False')).toMatchObject({ truncation: null, maxLength: null })
    // RewardBench's DPO has limits of its own
    expect(await configOf('run-dpo', '--force_truncation')).toMatchObject({ truncation: null, maxLength: null })
    expect(hermRemarks({ forceTruncation: true }, 'run-rm')[0]).toContain('--truncation left at 512 tokens')
    expect(hermRemarks({ forceTruncation: true, maxLength: 700 }, 'run-rm')[0]).toContain('--max-length 700')
    expect(hermRemarks({ forceTruncation: true }, 'run-dpo')[0]).toContain('does not cut the texts of a policy')
  })

  it.each([
    [['--force_truncation', '--truncation', 'right'], '--force-truncation'],
    [['--debug', '--limit', '20'], '--debug'],
    [['--pref_sets', '--dataset', 'org/other'], '--pref-sets'],
  ])('%j contradict each other', async (argv, where) => {
    await expect(configOf('run-rm', ...argv)).rejects.toMatchObject({
      tag: 'usage',
      where: expect.stringContaining(where),
      message: expect.stringContaining('contradicts'),
    })
  })

  it('--save_all and --direct_load are accepted with a word each', async () => {
    const args = (await parse('run-rm', '--save_all', '--direct_load'))!
    expect(hermRemarks(args, 'run-rm')).toEqual([
      expect.stringMatching(/^--direct_load is accepted: /),
      expect.stringMatching(/^--save_all is accepted: every score is written/),
    ])
  })
})

it.each(BINS)('%s: --torch_dtype float64 is refused with what to use', async (bin) => {
  for (const argv of [['--torch_dtype', 'float64'], ['--torch-dtype=float64']])
    await expect(parse(bin, ...argv)).rejects.toMatchObject({
      where: '--torch_dtype float64',
      hint: 'Use --torch_dtype float32.',
    })
})

it('a key of HERM in a configuration file is refused like the flag', async () => {
  const path = join(folder, 'herm.yaml')
  writeFileSync(path, 'wandb_run: a/b/c\n')
  await expect(parse('run-rm', '--config', path)).rejects.toMatchObject({
    where: `${path}: wandb_run`,
    hint: expect.stringContaining('--model and --revision'),
  })
})

it("a word processor's dash is called by its name", async () => {
  for (const flag of ['–model', '-–push_results_to_hub', '—model'])
    await expect(parse('run-rm', flag, 'a/b')).rejects.toMatchObject({
      where: flag,
      message: expect.stringContaining('a dash that is no hyphen'),
    })
  // as a value it is a text like any other
  expect(await configOf('run-rm', '--filter', '–x')).toMatchObject({ filter: ['–x'] })
})
