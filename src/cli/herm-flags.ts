import { UsageError } from '../errors.ts'
import { flagOf, type Given, type Option, type RunBin } from '../setup/option.ts'
import { FORCED_MAX_LENGTH, HERM, type RunOption } from '../setup/options.ts'

/**
 * The flags of RewardBench's command lines that are not ours: of `rewardbench` 0.1.0 to 0.1.4 and of scripts/run_rm.py, run_dpo.py,
 * run_v2.py, run_bon.py, run_generative.py and run_generative_v2.py. Each is accepted with a word on what it comes to, or refused by
 * name with what to use here. Those that are accepted, and those that are ours too (--model, --batch-size …), are in setup/options.ts.
 */

const snake = (flag: string): string => `--${flag.replaceAll('-', '_')}`

/** What to say about the flags of HERM that were given. */
export function hermRemarks(given: Given<RunOption>, bin: RunBin): string[] {
  // a configuration's `quantized: true` is this flag's opposite, and has a word of its own
  const quantized = given.notQuantized === false
  const named = Object.entries<Option>(HERM).filter(
    ([name]) => given[name as keyof typeof HERM] !== undefined && !(quantized && name === 'notQuantized'),
  )
  const remarks = named.flatMap(([name, { remark }]) =>
    remark === undefined ? [] : [`${snake(flagOf(name))} is accepted: ${remark}`],
  )
  if (quantized)
    remarks.push(
      "quantized: true is not done here: bitsandbytes' 8 bits are not computed, and the weights are taken as they are (--dtype says the number format)",
    )
  if (given.forceTruncation === true)
    remarks.push(
      bin === 'run-dpo'
        ? '--force_truncation is accepted: RewardBench does not cut the texts of a policy by it'
        : `--force_truncation is accepted: --truncation left at ${
            given.maxLength === undefined
              ? `${FORCED_MAX_LENGTH} tokens, the default of RewardBench's command`
              : `--max-length ${String(given.maxLength)}`
          }`,
    )
  return remarks
}

const UPLOAD = {
  what: 'is not done here: nothing is ever uploaded',
  hint: 'Leave it out. The results folder holds all there is to upload; summary.json has the accuracies for a model card.',
}
const JUDGE = {
  what: "is of RewardBench's generative judges, which are not run here",
  hint: 'Leave it out, and give a reward model (run-rm) or a policy (run-dpo). CPU threads: --threads.',
}

/** Refused by name, and what to use here. */
export const HERM_REFUSED: Readonly<Record<string, { readonly what: string; readonly hint: string }>> = {
  'push-results-to-hub': UPLOAD,
  'upload-model-metadata-to-hf': UPLOAD,
  'upload-metadata-to-hf': UPLOAD,
  'hf-entity': UPLOAD,
  'hf-name': UPLOAD,
  'wandb-run': {
    what: 'is not read here: Weights & Biases is not asked',
    hint: 'Name the model with --model and --revision: hf_name and hf_repo_revision in the config of that run.',
  },
  'prioritize-scoring': {
    what: 'is not done here: rows with chosen and rejected are scored as pairs',
    hint: 'Leave it out, and give a data set whose rows have "messages" and no "chosen" and "rejected".',
  },
  quantized: {
    what: "is not done here: bitsandbytes' 8 bits are not computed",
    hint: 'Leave it out: the weights are taken as they are. --dtype says the number format.',
  },
  'best-of': {
    what: 'is not taken here: every completion of a row is scored',
    hint: 'Leave it out, and give rows with as many "completions" as there should be; the analyses have best of 1 … n.',
  },
  'score-w-ratings': JUDGE,
  'vllm-gpu-util': JUDGE,
  'vllm-max-seq-length': JUDGE,
  'num-threads': JUDGE,
  'force-local': JUDGE,
  'no-system-prompt': JUDGE,
}

/** The refusal of a flag or key of HERM; null for any other name. @param where how the user wrote it */
export function hermRefusal(name: string, where: string): UsageError | null {
  if (!Object.hasOwn(HERM_REFUSED, name)) return null
  const { what, hint } = HERM_REFUSED[name]!
  return new UsageError(what, where, hint)
}

/** Refuses the flags of HERM that are not done here, before anything else of a command line is judged. */
export function refuseHermFlags(flags: readonly string[]): void {
  const end = flags.indexOf('--')
  for (const [i, flag] of (end < 0 ? flags : flags.slice(0, end)).entries()) {
    const [, name, value] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(flag) ?? []
    if (name === undefined) continue
    const refusal = hermRefusal(name, snake(name))
    if (refusal !== null) throw refusal
    if (name === 'torch-dtype' && (value ?? flags[i + 1]) === 'float64')
      throw new UsageError(
        'is not computed here: graphs run in float32 at most, and sums of log-probabilities in float64',
        '--torch_dtype float64',
        'Use --torch_dtype float32.',
      )
  }
}
