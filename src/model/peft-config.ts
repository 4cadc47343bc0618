import { join } from 'node:path'
import { createContext, Script } from 'node:vm'
import { z } from 'zod'
import { ModelError } from '../errors.ts'
import { pythonRegex } from '../python-regex.ts'
import { ADAPTER_CONFIG } from '../weight-files.ts'
import { readJsonObject } from './checkpoint.ts'
import { shown } from './config.ts'

/** adapter_config.json of PEFT 0.21 (tuners/lora/config.py). Field names stay PEFT's snake_case here, nowhere else. */

const names = z.union([z.string(), z.array(z.string())])
const rank = z.int().positive()
/** Absent, null, false or empty: the feature is not used. */
const off = z.union([z.null(), z.literal(false), z.tuple([]), z.strictObject({})]).optional()

const loraConfig = z.object({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string().nullish(),
  revision: z.string().nullish(),
  task_type: z.string().nullish(),
  r: rank.default(8),
  lora_alpha: z.number().default(8),
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  lora_bias: z.boolean().nullish(),
  rank_pattern: z.record(z.string(), rank).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  target_modules: names.nullish(),
  exclude_modules: names.nullish(),
  modules_to_save: z.array(z.string()).nullish(),
  layers_to_transform: z.union([z.int(), z.array(z.int())]).nullish(),
  layers_pattern: names.nullish(),
  trainable_token_indices: z
    .union([z.array(z.int().nonnegative()), z.record(z.string(), z.array(z.int().nonnegative()))])
    .nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
  // Each of these changes what an adapter computes.
  target_parameters: off,
  layer_replication: off,
  alora_invocation_tokens: off,
  arrow_config: off,
  kasa_config: off,
  velora_config: off,
  monteclora_config: off,
  use_bdlora: off,
  use_qalora: off,
  ensure_weight_tying: off,
})
type LoraConfig = z.infer<typeof loraConfig>

/** Keys that change nothing once an adapter is trained, or that say what the tensors say, too. */
const WITHOUT_EFFECT = new Set([
  'auto_mapping',
  'bias', // the stored biases are used, whatever it says
  'corda_config',
  'eva_config',
  'fan_in_fan_out', // PEFT sets it by the kind of layer
  'inference_mode',
  'loftq_config',
  'lora_dropout',
  'lora_ga_config',
  'megatron_config',
  'megatron_core',
  'peft_version',
  'qalora_group_size',
  'runtime_config',
])

/** `init_lora_weights` that take something from the base's weights when an adapter is made, and again when it is loaded. */
const CHANGES_BASE = /^(pissa|olora|corda|lora_ga|loftq)/i

/** What adapter_config.json says, checked. */
export interface PeftConfig {
  readonly file: string
  /** `base_model_name_or_path`, and the revision beside it. */
  readonly base: string
  readonly baseRevision: string | null
  readonly taskType: string | null
  readonly r: number
  readonly alpha: number
  readonly rslora: boolean
  readonly dora: boolean
  readonly loraBias: boolean
  readonly rankPattern: Readonly<Record<string, number>>
  readonly alphaPattern: Readonly<Record<string, number>>
  /** A list of names, or one regular expression. */
  readonly targets: readonly string[] | string | null
  readonly excluded: readonly string[] | string
  readonly saved: readonly string[]
  readonly layers: readonly number[]
  readonly layersPattern: readonly string[]
  /** Ids of single rows that were trained, by the embedding's name; `null` as name: the input embedding. */
  readonly tokenRows: readonly { readonly module: string | null; readonly ids: readonly number[] }[]
}

/** Reads and checks the adapter_config.json of a folder. @throws ModelError for what PEFT computes and we do not, by name */
export function readPeftConfig(dir: string): PeftConfig {
  const file = join(dir, ADAPTER_CONFIG)
  const raw = readJsonObject(file)
  const type = raw.peft_type
  if (type !== 'LORA')
    throw new ModelError(
      type === undefined ? 'has no "peft_type"' : `"peft_type" is ${shown(type)}: only LORA is merged here`,
      file,
      MERGE_HINT,
    )
  const parsed = loraConfig.safeParse(raw)
  if (!parsed.success) {
    const { path } = parsed.error.issues[0]!
    const key = String(path[0])
    throw new ModelError(`"${key}" is ${shown(raw[key])}: not computed here`, file, MERGE_HINT)
  }
  for (const [key, value] of Object.entries(raw))
    if (!(key in loraConfig.shape) && !WITHOUT_EFFECT.has(key) && !isOff(value))
      throw new ModelError(`"${key}" is ${shown(value)}: a key that PEFT 0.21 does not have`, file, MERGE_HINT)
  return checked(parsed.data, file)
}

function checked(config: LoraConfig, file: string): PeftConfig {
  const { init_lora_weights: init, base_model_name_or_path: base } = config
  if (typeof init === 'string' && CHANGES_BASE.test(init))
    throw new ModelError(
      `"init_lora_weights" is ${shown(init)}: it was trained on a base that this initialisation changed, not on the base itself`,
      file,
      'Save it once with PEFT as an ordinary LoRA: save_pretrained(folder, path_initial_model_for_weight_conversion=…); or merge it: merge_and_unload().',
    )
  if (!base)
    throw new ModelError(
      'has no "base_model_name_or_path": nobody knows which model it adapts',
      file,
      'Write the hub id or the folder of its base model there.',
    )
  for (const [key, path] of Object.entries({ base_model_name_or_path: base, revision: config.revision }))
    if (path != null && (path.length > MAX_PATH || path.includes('\0')))
      throw new ModelError(
        `"${key}" is ${shown(path)}, ${path.length} characters: no hub id, folder or revision`,
        file,
        'Write the hub id or the folder of its base model there.',
      )
  const rows = config.trainable_token_indices ?? {}
  const result: PeftConfig = {
    file,
    base,
    baseRevision: config.revision ?? null,
    taskType: config.task_type ?? null,
    r: config.r,
    alpha: config.lora_alpha,
    rslora: config.use_rslora ?? false,
    dora: config.use_dora ?? false,
    loraBias: config.lora_bias ?? false,
    rankPattern: config.rank_pattern ?? {},
    alphaPattern: config.alpha_pattern ?? {},
    targets: config.target_modules ?? null,
    excluded: config.exclude_modules ?? [],
    saved: config.modules_to_save ?? [],
    layers: listOf(config.layers_to_transform ?? []),
    layersPattern: listOf(config.layers_pattern ?? []),
    tokenRows: Array.isArray(rows)
      ? [{ module: null, ids: rows }]
      : Object.entries(rows).map(([module, ids]) => ({ module, ids })),
  }
  for (const pattern of patternsOf(result)) checkPattern(pattern, file)
  return result
}

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T])

/** Every regular expression of a configuration. */
const patternsOf = ({ targets, excluded, saved, layersPattern, rankPattern, alphaPattern }: PeftConfig): string[] => [
  ...(typeof targets === 'string' ? [targets] : []),
  ...(typeof excluded === 'string' ? [excluded] : []),
  ...saved,
  ...layersPattern,
  ...Object.keys(rankPattern),
  ...Object.keys(alphaPattern),
]

/** Linux's longest path. */
const MAX_PATH = 4096
/** Characters of a pattern; those that PEFT and its users write have some hundreds. */
const MAX_PATTERN = 10_000

function checkPattern(pattern: string, file: string): void {
  if (pattern.length > MAX_PATTERN)
    throw new ModelError(
      `${shown(pattern)} has ${pattern.length} characters; a pattern of at most ${MAX_PATTERN} is matched`,
      file,
    )
  try {
    pythonRegex(pattern)
  } catch (cause) {
    throw new ModelError(
      `${shown(pattern)} is no regular expression: ${(cause as Error).message.slice(0, 200)}`,
      file,
      null,
      { cause },
    )
  }
}

/** ms that one pattern may take on one name: some take longer than the age of the universe. */
const MATCH_MS = 1000
const inContext = createContext({ run: null })
const match = new Script('run()')

/** `re.match(pattern, text)`. @throws ModelError at `file` where it does not come to an end */
function matches(pattern: string, text: string, file: string): boolean {
  const regex = pythonRegex(pattern)
  inContext.run = () => regex.test(text)
  try {
    return match.runInContext(inContext, { timeout: MATCH_MS }) as boolean
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause
    throw new ModelError(
      `${shown(pattern)} does not come to an end on ${shown(text)} within ${MATCH_MS / 1000} s`,
      file,
      'Write the pattern without repetitions inside repetitions, such as (a+)+, or list the modules.',
      { cause },
    )
  }
}
/** `re.fullmatch(pattern, text)`; global flags stay in front. */
function fullMatch(pattern: string, text: string, file: string): boolean {
  const flags = /^\(\?[a-z]+\)/.exec(pattern)?.[0] ?? ''
  return matches(`${flags}(?:${pattern.slice(flags.length)})\\Z`, text, file)
}
/** Whether a module is one of the names, or ends in one. */
export const endsWith = (module: string, names: readonly string[]): boolean =>
  names.some((name) => module === name || module.endsWith(`.${name}`))

/**
 * Whether an adapter adapts a module: PEFT's `check_target_module_exists` (tuners/tuners_utils.py).
 * @param module path in the base model, e.g. model.layers.0.self_attn.q_proj
 */
export function isTarget(config: PeftConfig, module: string): boolean {
  const { targets, excluded, saved, layers, file } = config
  if (typeof excluded === 'string' ? fullMatch(excluded, module, file) : endsWith(module, excluded)) return false
  if (saved.some((name) => matches(`(^|.*\\.)${name}($|\\..*)`, module, file))) return false
  if (targets === null) return false
  if (typeof targets === 'string') return targets.toLowerCase() === 'all-linear' || fullMatch(targets, module, file)
  if (targets.includes(module)) return true
  if (!endsWith(module, targets)) return false
  return layers.length === 0 || layers.includes(layerOf(config, module))
}

/** The number of the layer that a module is in, behind the first of the patterns that fits; −1 outside of them. */
function layerOf({ layersPattern, file }: PeftConfig, module: string): number {
  const parts = module.split('.')
  const before = (i: number): string =>
    parts
      .slice(0, i)
      .map((part) => `${part}.`)
      .join('')
  const numbered = parts.flatMap((part, i) => (/^\d+$/.test(part) && i < parts.length - 1 ? [i] : []))
  const found =
    layersPattern.length === 0
      ? numbered.find((i) => i >= 2)
      : layersPattern
          .map((pattern) => numbered.find((i) => matches(`(?:^|.*?\\.)${pattern}\\.\\Z`, before(i), file)))
          .find((i) => i !== undefined)
  return found === undefined ? -1 : Number(parts[found])
}

/** Rank, α and the factor of B·A of a module: α / r, or α / √r (rsLoRA). A pattern fits the end of the path. */
export function scaleOf(
  config: PeftConfig,
  module: string,
): { readonly r: number; readonly alpha: number; readonly scale: number } {
  const patterned = (patterns: Readonly<Record<string, number>>, otherwise: number): number => {
    const key = Object.keys(patterns).find((pattern) => matches(`(.*\\.)?(${pattern})$`, module, config.file)) ?? module
    return patterns[key] ?? otherwise
  }
  const r = patterned(config.rankPattern, config.r)
  const alpha = patterned(config.alphaPattern, config.alpha)
  const scale = alpha / (config.rslora ? Math.sqrt(r) : r)
  if (!Number.isFinite(Math.fround(scale)))
    throw new ModelError(`α ${alpha} gives "${module}" the factor ${scale}, which float32 does not hold`, config.file)
  return { r, alpha, scale }
}

const isOff = (value: unknown): boolean => off.safeParse(value).success

const MERGE_HINT =
  'Merge it into its base model once in Python: PeftModel.from_pretrained(base, adapter).merge_and_unload().save_pretrained(folder)'
