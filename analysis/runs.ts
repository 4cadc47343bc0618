import { createHash } from 'node:crypto'
import type { Coded, CompletionColumns, PairColumns } from '../src/agreement/columns.ts'
import type { Identity } from '../src/setup/identity.ts'
import type { Statistic } from '../src/types.ts'
import type { Keys } from './key-list.ts'
import type { RunGroup } from './run-groups.ts'

export type RunKind = 'rm' | 'dpo' | 'dpo-ref-free' | 'verifier'

/** One scorer on one data set: a run's folder, or an imported score file. */
export interface Run {
  /** The model folder's name. */
  readonly model: string
  /** Set when it is read; where absent it follows from run.json and the name (`kindOf`). */
  readonly kind?: RunKind
  readonly dataset: string
  /** Where it was read from, for messages. */
  readonly where: string
  readonly pairs: RunPairs
  readonly completions: RunCompletions
  /** run.json; null where there is none, or none that can be read. */
  readonly manifest: unknown
  /** Weights and data that the folder names; absent where it does not say. */
  readonly identity?: Identity | null
  /** What to tell the user of it. */
  readonly warnings: readonly string[]
  /** What its agreement.csv alone has of baselines: those that read texts, and every AUROC. */
  readonly ownBaselines?: readonly Statistic[]
  /** Absent: an imported file, which has none. */
  readonly groups?: readonly RunGroup[]
  /** Of run-process: what it says of steps, from its agreement.csv; it has no pairs and no completions. */
  readonly steps?: readonly Statistic[]
  /** Rows of one id are pairs of their own, not several completions of one row. */
  readonly plainPairs?: boolean
}
export interface RunCompletions extends CompletionColumns {
  /** id, role and index: what aligns two scorers, once `matchRows` has told rows of other texts apart. */
  readonly key: Keys
  readonly texts?: Texts
  readonly role: Coded
  /** Count from 0 within the role. */
  readonly index: Float64Array
  /** How completions were made of each other, where the file says (transformation, same, family): '' and NaN = not said. */
  readonly variants?: { readonly transformation: Coded; readonly same: Float64Array; readonly family: Coded }
}
export interface RunPairs extends PairColumns {
  /** id, rejected index and chosen index: what aligns two scorers, once `matchRows` has told rows of other texts apart. */
  readonly key: Keys
  readonly texts?: Texts
  readonly chosenTokens: Float64Array
  readonly rejectedTokens: Float64Array
  readonly chosenScore: Float64Array
  readonly rejectedScore: Float64Array
  /** Levels of the strata that pairs.csv has a column for, '' = none; by stratum, absent where the file has no such column. */
  readonly strata?: Readonly<Record<string, Coded>>
  /** Models that wrote the completions, as the data say (`chosen_model`, `rejected_model`; '' = not said); null without such a column. */
  readonly writers: { readonly chosen: Coded; readonly rejected: Coded } | null
}

/**
 * What tells rows of one id apart: 52 bits of a hash a row, NaN = not known. Only columns of one name are compared: RewardBench's files
 * give a prompt as it was rendered.
 */
export interface Texts {
  readonly prompt?: Float64Array
  readonly renderedPrompt?: Float64Array
  readonly completion?: Float64Array
  readonly chosen?: Float64Array
  readonly rejected?: Float64Array
}

/** 52 bits of a hash of ours (16 hex digits) or, of any other text, of its SHA-256; NaN for ''. */
export const fingerprint = (text: string): number =>
  text === '' ? Number.NaN : Number.parseInt((/^[0-9a-f]{16}$/.test(text) ? text : sha256(text)).slice(0, 13), 16)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What a run is: as its run.json says, else from the name of its folder (CONTRACT §3), without the digits of a hash. */
export function kindOf(run: Pick<Run, 'model' | 'manifest' | 'kind'> | string): RunKind {
  const { model, manifest, kind } = typeof run === 'string' ? { model: run, manifest: null, kind: undefined } : run
  if (kind !== undefined) return kind
  const { config, models } = (manifest ?? {}) as { config?: { bin?: unknown }; models?: unknown }
  const roles = Array.isArray(models) ? models.map((one) => (one as { role?: unknown } | null)?.role) : []
  if (config?.bin === 'run-verify') return 'verifier'
  if (roles.includes('rm')) return 'rm'
  if (roles.includes('policy')) return roles.includes('reference') ? 'dpo' : 'dpo-ref-free'
  const name = plainName(model)
  if (name === 'verifiable') return 'verifier'
  return name.endsWith('__ref-free') ? 'dpo-ref-free' : name.includes('__vs__') ? 'dpo' : 'rm'
}
/** @example plainName('policy__ref-free~12ab34cd') // 'policy__ref-free' */
export const plainName = (folder: string): string => folder.replace(/~[0-9a-f]{8,64}$/, '')
