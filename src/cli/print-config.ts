import { packageVersion } from '../package.ts'
import type { NAMED_PARTS } from '../pairs/columns.ts'
import { type RunConfig, type RunOption, toRunConfig } from '../setup/config.ts'
import { BIN_OPTIONS, type OptionTable } from './options.ts'

/** Flags of RewardBench that stand for one or two of ours: those are shown. */
type Alias = 'debug' | 'pref-sets' | 'force-truncation' | 'torch-dtype'
type Value = string | number | boolean | readonly string[] | null

/** A resolved configuration as flags; null or an empty list where one is not given. */
function flagsOf(config: RunConfig): Readonly<Record<Exclude<RunOption, Alias>, Value>> {
  const { models, columns, shard, verification } = config
  const reference = models.find(({ role }) => role === 'reference')
  const [first] = models
  const named = (part: (typeof NAMED_PARTS)[number]): string | null => columns[part] ?? null
  return {
    model: first?.name ?? null,
    revision: first?.revision ?? null,
    'ref-model': reference?.name ?? null,
    'ref-revision': reference?.revision ?? null,
    tokenizer: config.tokenizer,
    'chat-template': config.chatTemplate,
    device: config.device,
    dtype: config.dtype,
    graph: config.graph,
    'onnx-file': config.onnxFile,
    head: config.head,
    pooling: config.pooling,
    beta: config.beta,
    'ref-free-type': config.refFreeType,
    dataset: config.dataset,
    split: config.split,
    'dataset-config': config.datasetConfig,
    'prompt-column': named('prompt'),
    'chosen-column': named('chosen'),
    'rejected-column': named('rejected'),
    'id-column': named('id'),
    'subset-column': named('subset'),
    filter: config.filter,
    limit: config.limit,
    shard: `${shard.index}/${shard.count}`,
    'max-length': config.maxLength,
    truncation: config.truncation,
    reasoning: config.reasoning,
    'herm-compat': config.hermCompat,
    'batch-tokens': config.batchTokens,
    'batch-size': config.batchSize,
    threads: config.threads,
    extraction: verification.extraction,
    'require-reasoning': verification.requireReasoning,
    soft: verification.soft,
    'good-molecule-bonus': verification.goodMoleculeBonus,
    'rings-bloom': verification.ringsBloom,
    'fingerprints-bloom': verification.fingerprintsBloom,
    'purchasable-bloom': verification.purchasableBloom,
    oracles: verification.oracles,
    verify: verification.enabled,
    'verify-workers': verification.workers,
    'output-dir': config.outputDir,
    name: config.name,
    resume: config.resume,
    seed: config.seed,
    resamples: config.resamples,
    offline: config.offline,
    quiet: config.quiet,
    'log-format': config.logFormat,
  }
}

/**
 * What `--print-config` prints: a YAML file that gives the same configuration as `--config`. An option stands in it where it is not at
 * its default, the others as comments: what is at its default would else count as given, and be warned of where it changes nothing.
 */
export function configText(config: RunConfig): string {
  const table: OptionTable = BIN_OPTIONS[config.bin]
  const flags: Readonly<Record<string, Value>> = flagsOf(config)
  const usual: Readonly<Record<string, Value>> = flagsOf(toRunConfig(config.bin, {}))
  const [set, left]: [string[], string[]] = [[], []]
  for (const [name, option] of Object.entries(table)) {
    const value = flags[name]
    if (value === undefined) continue
    // the table's default first: the environment may have set a switch (--offline)
    const normal = (option.default as Value | undefined) ?? usual[name]!
    // one line stands in every file, which would else be no mapping
    if (name === 'dataset' || JSON.stringify(value) !== JSON.stringify(normal)) set.push(line(name, value))
    else {
      const what = option.defaultDescription
      left.push(`# ${line(name, value)}${what === undefined ? '' : ` # ${what}`}`)
    }
  }
  return [
    `# ${config.bin} of chemherm ${packageVersion}: the options that are not at their default. --config reads this file.`,
    ...set,
    '',
    '# At their default:',
    ...left,
    '',
  ].join('\n')
}

/** One line of YAML: text is quoted as in JSON, of which YAML is a superset, unless it is a plain word. */
function line(name: string, value: Value): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return `${name}:`
  const text = (part: string): string => (PLAIN.test(part) && !/^null$/i.test(part) ? part : JSON.stringify(part))
  if (Array.isArray(value)) return `${name}: [${value.map(text).join(', ')}]`
  return `${name}: ${typeof value === 'string' ? text(value) : String(value)}`
}
const PLAIN = /^[A-Za-z0-9/][\w./@-]*$/
