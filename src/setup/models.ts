import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { UsageError } from '../errors.ts'
import { type ResolvedModel, type ResolveModelOptions, resolveModel } from '../hub/model.ts'
import type { DownloadProgress } from '../hub/receive.ts'
import { type FileHash, hashCheckpoint, openCheckpoint } from '../model/checkpoint.ts'
import type { ResolvedDevice } from '../model/device.ts'
import { type ModelDescription, type OpenModel, openModel } from '../model/open.ts'
import { externalFilesOf } from '../model/ready-made/file.ts'
import { type OpenReadyMade, openReadyMade } from '../model/ready-made/open.ts'
import { packagePath } from '../package.ts'
import { type OpenTokenizer, openTokenizer } from '../text/tokenizer.ts'
import type { ModelChoice, RunConfig } from './config.ts'
import { refusedByName } from './no-reward.ts'

/** A model's files, read and understood, before any device is opened. */
export interface LoadedModel {
  readonly choice: ModelChoice
  /** As it is called on screen: hub id or folder name. */
  readonly name: string
  readonly resolved: ResolvedModel
  /** What to tell the user. */
  readonly notes: readonly string[]
  /** Its graph, built or ready-made, its dtype and its device, not started yet. */
  readonly opened: OpenModel | OpenReadyMade
  readonly description: ModelDescription
  readonly hashes: readonly FileHash[]
  /** One SHA-256 over names and hashes of config and weights. */
  readonly weightsSha256: string
  readonly tokenizer: OpenTokenizer
  readonly tokenizerDir: string
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
  return models.map((model) => ({
    ...model,
    maxPositions,
    notes: [...model.notes, ...lengthNotes(model, config.maxLength)],
  }))
}

async function loadModel(
  choice: ModelChoice,
  config: RunConfig,
  { device, deviceId }: ResolvedDevice,
  onProgress: (progress: DownloadProgress) => void,
  policy: LoadedModel | null,
): Promise<LoadedModel> {
  const refused = refusedByName(choice)
  if (refused !== null) throw refused
  const options = { offline: config.offline, onProgress }
  const resolved = await resolveModel(choice.name ?? packagePath('src/embedded/demo', DEMO[choice.role]), {
    ...options,
    revision: choice.revision,
    graph: config.graph,
    onnxFile: config.onnxFile,
    externalFiles: externalFilesOf,
  })
  const use = { kind: choice.role === 'rm' ? 'head' : 'logProb', device, deviceId, dtype: config.dtype } as const
  const opened =
    resolved.onnx === null
      ? openModel(openCheckpoint(resolved.dir), use)
      : openReadyMade(resolved.dir, resolved.onnx, use)
  const { description } = opened
  const hashes = await hashCheckpoint(opened.checkpoint, { trustBlobNames: resolved.source === 'hub' })
  const name = resolved.source === 'hub' ? resolved.id : basename(resolved.id)
  const { tokenizer, tokenizerDir, notes } =
    policy === null
      ? await ownTokenizer(resolved, name, config, options)
      : await sharedTokenizer(policy, resolved.dir, name)
  return {
    choice,
    name,
    resolved,
    notes: [...resolved.notes, ...(opened.head.notes ?? []), ...notes, ...embeddingNotes(name, tokenizer, description)],
    opened,
    description,
    hashes,
    weightsSha256: digestOf(hashes),
    tokenizer,
    tokenizerDir,
    maxPositions: description.maxPositions,
  }
}

type ChosenTokenizer = Pick<LoadedModel, 'tokenizer' | 'tokenizerDir' | 'notes'>

async function ownTokenizer(
  resolved: ResolvedModel,
  name: string,
  { tokenizer }: RunConfig,
  options: ResolveModelOptions,
): Promise<ChosenTokenizer> {
  const other = tokenizer === null ? null : await resolveModel(tokenizer, { ...options, weights: false })
  const tokenizerDir = other?.dir ?? resolved.dir
  const opened = await openTokenizer(tokenizerDir, { id: other?.id ?? name })
  return { tokenizer: opened, tokenizerDir, notes: opened.notes }
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

/** Different in every family of tokenizers: words, digits, SMILES, a character beyond ASCII. */
const PROBE = 'The SMILES of aspirin (M = 180.16 g/mol) is CC(=O)Oc1ccccc1C(=O)O. Naïve?\n'

/** The policy's tokenizer for the reference; if the reference's own gives other ids, its log-probabilities would be of other texts. */
async function sharedTokenizer(policy: LoadedModel, dir: string, name: string): Promise<ChosenTokenizer> {
  const { tokenizer, tokenizerDir } = policy
  const shared = (notes: readonly string[]): ChosenTokenizer => ({ tokenizer, tokenizerDir, notes })
  if (!existsSync(join(dir, 'tokenizer.json'))) return shared([])
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
function lengthNotes({ name, description }: LoadedModel, maxLength: number | null): string[] {
  const { maxPositions, learnedPositions } = description
  if (maxLength === null || maxLength <= maxPositions) return []
  if (learnedPositions)
    throw new UsageError(`${name} has ${maxPositions} positions and no more`, `--max-length ${maxLength}`)
  return [
    `--max-length ${maxLength} goes beyond the ${maxPositions} positions of ${name}: scores there are extrapolated`,
  ]
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
  if (config.bin === 'run-rm') return first
  return second === undefined ? `${first}__ref-free` : `${first}__vs__${second}`
}
