import { isMap, isScalar, type Pair } from 'yaml'
import { UsageError } from '../errors.ts'
import type { OptionTable } from '../setup/option.ts'
import { didYouMean } from './did-you-mean.ts'

/**
 * RewardBench's eval_configs.yaml as it is (scripts/configs, read by its submit_eval_jobs.py): model → how it is evaluated. `--model`
 * chooses one; its entry becomes options. `dpo` must fit the command; of the rest, what has no option of its own here is accepted with the
 * word that its flag has.
 */

/** Its keys as our flags. */
const FLAGS: Readonly<Record<string, string>> = {
  tokenizer: 'tokenizer',
  chat_template: 'chat-template',
  batch_size: 'batch-size',
  max_length: 'max-length',
  ref_model: 'ref-model',
  torch_dtype: 'torch-dtype',
  attention_implementation: 'attn-implementation',
  num_gpus: 'num-gpus',
}

export const isHermConfigs = (items: readonly Pair[]): boolean =>
  items.length > 0 && items.every(({ value }) => isMap(value)) && items.some(({ key }) => keyOf(key).includes('/'))

/**
 * The options of one model of the file, as key and value nodes of a `--config` file.
 * @param model `--model`; null where it is not given
 * @throws UsageError where none is chosen, the file does not have it, or it is for the other command
 */
export function hermEntry(
  items: readonly Pair[],
  path: string,
  model: string | null,
  table: OptionTable,
): readonly (readonly [flag: string, value: unknown])[] {
  const names = items.map(({ key }) => keyOf(key))
  if (model === null)
    throw new UsageError(`has ${names.length} models and none is chosen`, path, 'Name one with --model.')
  const entry = items[names.indexOf(model)]?.value
  if (!isMap(entry))
    throw new UsageError(
      `does not have ${model}`,
      path,
      didYouMean(model, names, '') || 'Leave --config out to run it all the same.',
    )
  const where = `${path}: ${model}`
  const isPolicy = entry.get('dpo') === true
  if (isPolicy !== Object.hasOwn(table, 'ref-model'))
    throw new UsageError(
      isPolicy ? 'is a DPO policy' : 'is a reward model',
      where,
      `Measure it with ${isPolicy ? 'run-dpo' : 'run-rm'}.`,
    )
  return (entry.items as Pair[]).flatMap(({ key, value }) => {
    // one key of the published file has a stray quotation mark
    const name = keyOf(key).replace(/"$/, '')
    const plain = isScalar(value) ? value.value : value
    if (name === 'dpo' || name === 'model' || plain === null) return []
    if (name === 'generative' && plain === false) return []
    if (name === 'tokenizer' && plain === model) return []
    if (name === 'torch_dtype') return [['torch-dtype', String(plain).replace(/^torch\./, '')] as const]
    if (name === 'trust_remote_code') return plain === true ? [['trust-remote-code', true] as const] : []
    // the opposite of its flag; true has a word of its own (herm-flags.ts)
    if (name === 'quantized') return [['not-quantized', plain !== true] as const]
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name]! : null
    if (flag === null) throw new UsageError(`the key "${name}" is none of RewardBench's configurations`, where)
    return [[flag, plain] as const]
  })
}

const keyOf = (key: unknown): string => (isScalar(key) ? String(key.value) : String(key))
