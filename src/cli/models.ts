import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { UsageError } from '../errors.ts'
import { type ResolvedModel, resolveModel } from '../hub/model.ts'
import type { DownloadProgress } from '../hub/receive.ts'
import { type Checkpoint, type FileHash, hashCheckpoint, openCheckpoint } from '../model/checkpoint.ts'
import { describeModel, type ModelDescription } from '../model/describe.ts'
import { packagePath } from '../package.ts'
import { type OpenTokenizer, openTokenizer } from '../text/tokenizer.ts'
import type { ModelChoice, RunConfig } from './config.ts'

/** A model's files, read and understood, before any device is opened. */
export interface LoadedModel {
  readonly choice: ModelChoice
  /** As it is called on screen: hub id or folder name. */
  readonly name: string
  readonly resolved: ResolvedModel
  readonly checkpoint: Checkpoint
  readonly description: ModelDescription
  readonly hashes: readonly FileHash[]
  /** One SHA-256 over names and hashes of config and weights. */
  readonly weightsSha256: string
  readonly tokenizer: OpenTokenizer
  readonly tokenizerDir: string
  readonly kind: 'head' | 'logProb'
}

const DEMO = { rm: 'demo-reward-model', policy: 'demo-policy-dpo', reference: 'demo-ref-sft' } as const

export async function loadModel(
  choice: ModelChoice,
  config: RunConfig,
  onProgress: (progress: DownloadProgress) => void,
): Promise<LoadedModel> {
  const options = { offline: config.offline, onProgress }
  const resolved = await resolveModel(choice.name ?? packagePath('src/embedded/demo', DEMO[choice.role]), {
    ...options,
    revision: choice.revision,
  })
  const checkpoint = openCheckpoint(resolved.dir)
  const kind = choice.role === 'rm' ? 'head' : 'logProb'
  const description = describeModel(checkpoint, kind === 'head' ? 'score' : 'logProb')
  const hashes = await hashCheckpoint(checkpoint, { trustBlobNames: resolved.source === 'hub' })
  const other = config.tokenizer === null ? null : await resolveModel(config.tokenizer, { ...options, weights: false })
  const tokenizerDir = other?.dir ?? resolved.dir
  const name = resolved.source === 'hub' ? resolved.id : basename(resolved.id)
  return {
    choice,
    name,
    resolved,
    checkpoint,
    description,
    hashes,
    weightsSha256: digestOf(hashes),
    tokenizer: await openTokenizer(tokenizerDir, { id: other?.id ?? name }),
    tokenizerDir,
    kind,
  }
}

function digestOf(hashes: readonly FileHash[]): string {
  const hash = createHash('sha256')
  for (const { name, sha256 } of hashes) hash.update(`${sha256}  ${name}\n`)
  return hash.digest('hex')
}

/** Refuses a policy that is its own reference: every implicit reward would be 0. */
export function checkDistinct(models: readonly LoadedModel[]): void {
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
