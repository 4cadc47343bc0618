import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { isRecord } from '../is-record.ts'
import { readRegular } from '../read-regular.ts'

/** The weights of one model of a run. `sha256` is `weights_sha256` of run.json: config and weights, not the tokenizer. */
export interface Weights {
  readonly role: string
  readonly sha256: string
}

/**
 * What the results of a folder are of: the weights that scored and the data that were scored. Everything else (filter, limit, template,
 * tokenizer, verification …) is an option: another choice replaces the results, and that is said.
 */
export interface Identity {
  /** In the order of the roles; empty for the verifiable rewards alone. */
  readonly weights: readonly Weights[]
  /** null for the folder of a scorer, which holds its runs on any data. */
  readonly dataSha256: string | null
}

/** Written into a folder before anything is measured, so that a run that was killed is found again. */
export const IDENTITY_FILE = 'identity.json'

/** The same weights in the same roles. */
export const sameScorer = (a: Identity, b: Identity): boolean =>
  JSON.stringify(ordered(a)) === JSON.stringify(ordered(b))
const ordered = ({ weights }: Identity): string[][] => weights.map(({ role, sha256 }) => [role, sha256])

/** One model: its own hash. Policy and reference: SHA-256 of the lines `<sha256>  <role>\n`. No model: that of no line. */
export const scorerSha256 = ({ weights }: Identity): string =>
  weights.length === 1 ? weights[0]!.sha256 : sha256(weights.map((one) => `${one.sha256}  ${one.role}\n`).join(''))

/** Data whose rows depend on the split beside the bytes: one JSON document may hold several. */
const WITHOUT_SPLITS = /\.(jsonl|ndjson|csv|tsv|parquet)(\.gz)?$/i

/**
 * The hash that tells two data sets apart: of the bytes that were read. Where the split chooses rows inside a file (JSON), SHA-256 of
 * `<sha256>  split <name>\n`. A packed copy (.gz) has other bytes and is other data; a copy under another name is the same.
 * @param files names of the data files
 */
export const dataSha256Of = (bytes: string, files: readonly string[], split: string | null): string =>
  split === null || files.every((name) => WITHOUT_SPLITS.test(name)) ? bytes : sha256(`${bytes}  split ${split}\n`)

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Changes whenever a file is written, or gone. */
export const stampOf = (files: readonly string[]): string => files.map(stamp).join()
function stamp(path: string): string {
  try {
    const { ino, size, mtimeNs } = statSync(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs}`
  } catch {
    return ''
  }
}

/** As it stands in identity.json and run.json. */
export const identityRecord = (identity: Identity): Record<string, unknown> => ({
  weights: identity.weights,
  weights_sha256: identity.weights.length === 0 ? null : scorerSha256(identity),
  data_sha256: identity.dataSha256,
})

const LARGEST_RECORD = 256_000_000
/** A JSON document of a folder: null where there is none, undefined where it cannot be read. */
export function readRecord(folder: string, name: string): unknown {
  try {
    return JSON.parse(readRegular(join(folder, name), LARGEST_RECORD).toString('utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? null : undefined
  }
}

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields => (isRecord(value) ? value : {})
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** What identity.json, or `identity` of run.json, says; null where it is not of ours. */
export function parseIdentity(record: unknown): Identity | null {
  const { weights, data_sha256: data } = fieldsOf(record)
  if (!Array.isArray(weights)) return null
  const all = weights.map((one): Weights | null => {
    const [role, sha] = [textOf(fieldsOf(one).role), textOf(fieldsOf(one).sha256)]
    return role === null || sha === null ? null : { role, sha256: sha }
  })
  return all.includes(null) ? null : { weights: all as Weights[], dataSha256: textOf(data) }
}

/** The identity that a run.json states or, where it was written before there was one, that follows from its hashes; else null. */
export function identityOfManifest(manifest: unknown): Identity | null {
  const run = fieldsOf(manifest)
  const stated = parseIdentity(run.identity)
  if (stated !== null) return stated
  const [models, dataset, config] = [run.models, fieldsOf(run.dataset), fieldsOf(run.config)]
  const bytes = textOf(dataset.sha256)
  if (!Array.isArray(models) || bytes === null) return null
  const weights = models.map((model): Weights | null => {
    const [role, sha] = [textOf(fieldsOf(model).role), textOf(fieldsOf(model).weights_sha256)]
    return role === null || sha === null ? null : { role, sha256: sha }
  })
  if (weights.includes(null)) return null
  const names = Array.isArray(dataset.files) ? dataset.files.map((file) => String(fieldsOf(file).name)) : []
  const split = dataset.origin === 'file' ? textOf(config.split) : null
  return { weights: weights as Weights[], dataSha256: dataSha256Of(bytes, names, split) }
}

/** What a run's folder says of itself. `damaged`: a record is there and cannot be read. */
export function identitiesIn(folder: string): {
  readonly known: readonly Identity[]
  readonly damaged: readonly string[]
} {
  const records = [IDENTITY_FILE, 'run.json'].map((name) => ({ name, record: readRecord(folder, name) }))
  const known = records.flatMap(({ name, record }) => {
    const identity = name === IDENTITY_FILE ? parseIdentity(record) : identityOfManifest(record)
    return identity === null ? [] : [identity]
  })
  return { known, damaged: records.flatMap(({ name, record }) => (record === undefined ? [name] : [])) }
}

/** The candidates for a name, from the plain one on. @example namesOf('rm', 'ab12…') // ['rm', 'rm~ab12…' with 8, 16, 64 digits] */
export const namesOf = (name: string, sha: string): readonly string[] => [
  name,
  ...[8, 16, 64].map((digits) => `${name}~${sha.slice(0, digits)}`),
]

/** A folder's name without the digits of its own hash. @example baseName('pairs~ab12cd34', 'ab12cd34…') // 'pairs' */
export function baseName(name: string, sha: string | null): string {
  const digits = /~([0-9a-f]{8}|[0-9a-f]{16}|[0-9a-f]{64})$/.exec(name)?.[1]
  return digits !== undefined && sha?.startsWith(digits) ? name.slice(0, -digits.length - 1) : name
}
