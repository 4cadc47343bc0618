import { createHash } from 'node:crypto'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { UsageError } from '../errors.ts'
import { given } from '../given.ts'
import { resolveModel } from '../hub/model.ts'
import type { DownloadProgress } from '../hub/receive.ts'
import type { ResolvedModel, ResolveModelOptions } from '../hub/resolved-model.ts'
import { type FileHash, hashCheckpoint, openCheckpoint } from '../model/checkpoint.ts'
import type { ResolvedDevice } from '../model/device.ts'
import type { Head } from '../model/heads/head.ts'
import { LETTERS, letters } from '../model/heads/letters.ts'
import { stepTokens } from '../model/heads/step-tokens.ts'
import { type ModelDescription, type OpenModel, type OpenOptions, openModel } from '../model/open.ts'
import { externalFilesOf } from '../model/ready-made/file.ts'
import { isReadyMade, type OpenReadyMade, openReadyMade } from '../model/ready-made/open.ts'
import { packagePath } from '../package.ts'
import { type OpenTokenizer, openTokenizer } from '../text/tokenizer.ts'
import { isAdapter } from '../weight-files.ts'
import { type AdapterRecord, adapterRecord, openAdapted } from './adapter.ts'
import type { ModelChoice, RunConfig } from './config.ts'
import { lettersOf } from './letters.ts'
import { refusedByName } from './no-reward.ts'
import { stepTokensOf } from './step-tokens.ts'

/** A model's files, read and understood, before any device is opened. */
export interface LoadedModel {
  readonly choice: ModelChoice
  /** As it is called on screen: hub id or folder name. */
  readonly name: string
  readonly resolved: ResolvedModel
  /** What stands under it where it is an adapter, and what is made of the two; else null. */
  readonly base: ResolvedModel | null
  readonly adapter: AdapterRecord | null
  /** What to tell the user. */
  readonly notes: readonly string[]
  /** A head that an option asks for; null: the one that the checkpoint is known by. */
  readonly asked: Head | null
  /** Its graph, built or ready-made, its dtype and its device, not started yet. */
  readonly opened: OpenModel | OpenReadyMade
  readonly description: ModelDescription
  readonly hashes: readonly FileHash[]
  /** Whether a file lies in the hub's cache, by its name among `hashes`. */
  readonly trustBlobNames: (name: string) => boolean
  /** One SHA-256 over names and hashes of config and weights. */
  readonly weightsSha256: string
  readonly tokenizer: OpenTokenizer
  readonly tokenizerDir: string
  /** `--tokenizer`, with its commit on the hub; null where the model has its own or its base's. */
  readonly tokenizerFrom: { readonly name: string; readonly revision: string | null } | null
  /** Longest sequence that every model of the run has positions for: policy and reference read the same tokens. */
  readonly maxPositions: number
}

const DEMO = { rm: 'demo-reward-model', policy: 'demo-policy-dpo', reference: 'demo-ref-sft' } as const

/**
 * Every model of a run. A policy and its reference must read the same tokens, so the reference takes over the policy's tokenizer and
 * template, as in RewardBench and TRL, and the shorter maximum holds for both.
 */
export async function loadModels(
  config: RunConfig,
  device: ResolvedDevice,
  onProgress: (progress: DownloadProgress) => void,
): Promise<readonly LoadedModel[]> {
  const [choice, second] = config.models
  const first = await loadModel(choice!, config, device, onProgress, null)
  const models = second === undefined ? [first] : [first, await loadModel(second, config, device, onProgress, first)]
  checkDistinct(models)
  const maxPositions = Math.min(...models.map(({ description }) => description.maxPositions))
  return models.map((model, m) => ({
    ...model,
    maxPositions,
    notes: [
      ...model.notes,
      ...lengthNotes(model, config.maxLength),
      ...(m === 0 && config.bin === 'run-dpo' ? referenceNotes(model, models[1] ?? null) : []),
    ],
  }))
}

async function loadModel(
  choice: ModelChoice,
  config: RunConfig,
  { device, deviceId }: ResolvedDevice,
  onProgress: (progress: DownloadProgress) => void,
  policy: LoadedModel | null,
): Promise<LoadedModel> {
  const refused = refusedByName(choice, config.head)
  if (refused !== null) throw refused
  const options = { offline: config.offline, onProgress }
  const resolved = await resolveModel(choice.name ?? packagePath('src/embedded/demo', DEMO[choice.role]), {
    ...options,
    revision: choice.revision,
    graph: config.graph,
    onnxFile: config.onnxFile,
    externalFiles: externalFilesOf,
  })
  const name = resolved.source === 'hub' ? resolved.id : basename(resolved.id)
  const use = {
    kind: choice.role === 'rm' ? 'head' : 'logProb',
    device,
    deviceId,
    dtype: config.dtype,
    generates: config.bin === 'run-generate',
    ...given<Pick<OpenOptions, 'attention'>>({ attention: config.attention }),
  } as const
  const { opened, base, asked } =
    resolved.onnx === null
      ? await openBuilt(resolved, name, use, config, options)
      : { opened: openExport(resolved.dir, resolved.onnx, use, config), base: null, asked: null }
  const { description, checkpoint } = opened
  const trustBlobNames = (file: string): boolean =>
    (base !== null && file.startsWith('base/') ? base : resolved).source === 'hub'
  const hashes = await hashCheckpoint(checkpoint, { trustBlobNames })
  const adapter = isReadyMade(opened) ? null : adapterRecord(opened, base)
  const textFiles = base === null || existsSync(join(resolved.dir, TOKENIZER)) ? resolved : base
  const { tokenizer, tokenizerDir, tokenizerFrom, notes } =
    policy === null
      ? await ownTokenizer(textFiles, name, config, options)
      : await sharedTokenizer(policy, textFiles.dir, name)
  return {
    choice,
    name,
    resolved,
    base,
    adapter,
    notes: [
      ...resolved.notes,
      ...(base?.notes ?? []),
      ...checkpoint.notes.map((note) => `${name}: ${note}`),
      ...(textFiles === resolved || config.tokenizer !== null
        ? []
        : [`${name} has no ${TOKENIZER}: it reads the tokens of its base`]),
      ...(opened.head.notes ?? []),
      ...notes,
      ...embeddingNotes(name, tokenizer, description),
    ],
    asked,
    opened,
    description,
    hashes,
    trustBlobNames,
    weightsSha256: digestOf(hashes),
    tokenizer,
    tokenizerDir,
    tokenizerFrom,
    maxPositions: description.maxPositions,
  }
}

/** `--step-tokens`, `--head letters`: the words' ids are part of the graph, so that the tokenizer is asked before it is built. */
async function askedHead(
  resolved: ResolvedModel,
  name: string,
  config: RunConfig,
  options: ResolveModelOptions,
): Promise<Head | null> {
  const byLetters = config.head === LETTERS
  if (config.stepTokens === null && !byLetters) return null
  if (config.stepTokens !== null && byLetters)
    throw new UsageError('reads another head than --step-tokens', `--head ${LETTERS}`, 'Leave one of the two out.')
  const { tokenizer } = await ownTokenizer(resolved, name, config, options)
  return byLetters ? letters(lettersOf(tokenizer)) : stepTokens(stepTokensOf(tokenizer, config.stepTokens!))
}

type Use = Pick<OpenOptions, 'kind' | 'device' | 'dtype' | 'generates' | 'attention'> & {
  readonly deviceId: number | null
}

/** The graph of a checkpoint, or of an adapter on its base. */
async function openBuilt(
  resolved: ResolvedModel,
  name: string,
  use: Use,
  config: RunConfig,
  options: ResolveModelOptions,
): Promise<{ opened: OpenModel; base: ResolvedModel | null; asked: Head | null }> {
  const { checkpoint: opening, base } = isAdapter(readdirSync(resolved.dir))
    ? await openAdapted(resolved, options)
    : { checkpoint: openCheckpoint(resolved.dir), base: null }
  const pickledHeads = [...opening.pickledHeads, ...(resolved.pickledHeads ?? [])]
  const asked = await askedHead(resolved, name, config, options)
  const opened = openModel(
    { ...opening, pickledHeads },
    { ...use, ...given<Pick<OpenOptions, 'head'>>({ head: asked }) },
  )
  return { opened, base, asked }
}

/** @throws UsageError for what is asked of a head that an export has inside */
function openExport(dir: string, file: string, use: Use, { stepTokens: steps, head }: RunConfig): OpenReadyMade {
  if (use.generates === true)
    throw new UsageError(
      `there are no safetensors, and ${file} is a ready-made export: texts are continued on graphs that are built from a checkpoint`,
      '--model',
      'Name the checkpoint that it was made from.',
    )
  if (steps !== null || head === LETTERS)
    throw new UsageError(
      `is for graphs that are built from a checkpoint; ${file} is run as it is`,
      steps === null ? `--head ${LETTERS}` : '--step-tokens',
      'Leave --graph onnx out.',
    )
  return openReadyMade(dir, file, use)
}

type ChosenTokenizer = Pick<LoadedModel, 'tokenizer' | 'tokenizerDir' | 'tokenizerFrom' | 'notes'>

async function ownTokenizer(
  resolved: ResolvedModel,
  name: string,
  { tokenizer }: RunConfig,
  options: ResolveModelOptions,
): Promise<ChosenTokenizer> {
  const other = tokenizer === null ? null : await resolveModel(tokenizer, { ...options, weights: false })
  const tokenizerDir = other?.dir ?? resolved.dir
  const opened = await openTokenizer(tokenizerDir, { id: other?.id ?? name })
  const tokenizerFrom = other === null ? null : { name: other.id, revision: other.revision }
  return { tokenizer: opened, tokenizerDir, tokenizerFrom, notes: opened.notes }
}

/** Tokens that a model was never given rows for; a row that holds one is not scored. */
function embeddingNotes(name: string, tokenizer: OpenTokenizer, { vocabSize }: ModelDescription): string[] {
  const count = tokenizer.size - vocabSize
  if (count <= 0) return []
  const some = Array.from({ length: Math.min(count, 3) }, (_, i) => vocabSize + i)
  const names = tokenizer.tokens(Int32Array.from(some)).filter((token) => token !== '')
  const list =
    names.length === 0 ? '' : ` (${names.map((token) => JSON.stringify(token)).join(', ')}${count > 3 ? ' …' : ''})`
  return [
    `the tokenizer has ids up to ${tokenizer.size - 1}, the embedding of ${name} has ${vocabSize} rows: a text with a token beyond them${list} is not scored`,
  ]
}

const TOKENIZER = 'tokenizer.json'

/** Different in every family of tokenizers: words, digits, SMILES, a character beyond ASCII. */
const PROBE = 'The SMILES of aspirin (M = 180.16 g/mol) is CC(=O)Oc1ccccc1C(=O)O. Naïve?\n'

/** The policy's tokenizer for the reference; if the reference's own gives other ids, its log-probabilities would be of other texts. */
async function sharedTokenizer(policy: LoadedModel, dir: string, name: string): Promise<ChosenTokenizer> {
  const { tokenizer, tokenizerDir, tokenizerFrom } = policy
  const shared = (notes: readonly string[]): ChosenTokenizer => ({ tokenizer, tokenizerDir, tokenizerFrom, notes })
  if (!existsSync(join(dir, TOKENIZER))) return shared([])
  const own = await openTokenizer(dir, { id: name })
  if (own.sha256 === tokenizer.sha256) return shared([])
  const [here, there] = [own, tokenizer].map((one) => one.encode(PROBE, { addSpecialTokens: false }).ids.join(' '))
  if (here !== there)
    throw new UsageError(
      `${name} has another tokenizer than ${policy.name}: the same text gives other ids`,
      '--ref-model',
      'The two log-probabilities would be of different texts. Name the model that the policy was trained from.',
    )
  return shared([`${name} reads the tokens of ${policy.name}: its own tokenizer files or chat template differ`])
}

/** @throws UsageError where the model has no such positions */
function lengthNotes({ name, description, opened }: LoadedModel, maxLength: number | null): string[] {
  const { maxPositions, learnedPositions } = description
  if (maxLength !== null && maxLength > maxPositions && learnedPositions)
    throw new UsageError(`${name} has ${maxPositions} positions and no more`, `--max-length ${maxLength}`)
  const { compares } = opened.head
  const limit = compares?.kind === 'marks' ? compares.limit : maxPositions
  return maxLength === null || maxLength <= limit
    ? []
    : [`--max-length ${maxLength} goes beyond the ${limit} positions of ${name}: scores there are extrapolated`]
}

/** DPO trains an adapter against its own base; another reference, or none, is taken as asked for, and said. */
function referenceNotes({ name, base }: LoadedModel, reference: LoadedModel | null): string[] {
  if (base === null) return []
  const asked = base.revision === null ? base.dir : `${base.id}@${base.revision}`
  if (reference === null)
    return [
      `${name} is an adapter, and DPO trains one against its base: for the implicit reward give --ref-model ${asked}; without it the score is that of the policy alone`,
    ]
  return realpathSync(reference.resolved.dir) === realpathSync(base.dir)
    ? []
    : [`the reference is ${reference.name}, not the base of the adapter ${name}: ${asked}`]
}

function digestOf(hashes: readonly FileHash[]): string {
  const hash = createHash('sha256')
  for (const { name, sha256 } of hashes) hash.update(`${sha256}  ${name}\n`)
  return hash.digest('hex')
}

/** Refuses a policy that is its own reference: every implicit reward would be 0. */
function checkDistinct(models: readonly LoadedModel[]): void {
  const [policy, reference] = models
  if (policy === undefined || reference === undefined) return
  if (policy.weightsSha256 === reference.weightsSha256)
    throw new UsageError(
      `has the same weights as the policy (SHA-256 ${policy.weightsSha256.slice(0, 12)}…)`,
      '--ref-model',
      'Every implicit reward would be 0. Name the model that the policy was trained from, or leave --ref-model out.',
    )
}

/** Folder name of the scorer under the output folder. */
export function scorerName(config: RunConfig, models: readonly LoadedModel[]): string {
  if (config.name !== null) return config.name
  const [first, second] = models.map(({ name }) => name.replaceAll('/', '__'))
  if (first === undefined) return 'verifiable'
  if (config.bin === 'run-rm' || config.bin === 'run-generate') return first
  return second === undefined ? `${first}__ref-free` : `${first}__vs__${second}`
}
