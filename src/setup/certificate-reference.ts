import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DataError, ModelError } from '../errors.ts'
import { packagePath } from '../package.ts'
import { readRegular } from '../read-regular.ts'
import type { Prepared } from '../score/subject.ts'
import { systemWords } from '../system-words.ts'
import type { Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import type { LoadedModel } from './models.ts'

/** What transformers gives for the probes of `--certify`: files of scripts/oracles/certify.py. */

export const PROBES = packagePath('src/embedded/certify/probes.jsonl')
export const probesSha256 = (): string => createHash('sha256').update(readFileSync(PROBES)).digest('hex')
/** The name of a reference beside a model's weights. */
export const REFERENCE_FILE = 'certify.json'

const referenceSchema = z.object({
  kind: z.enum(['head', 'log-prob']),
  probes_sha256: z.string(),
  files: z.record(z.string(), z.string()),
  made_with: z.string(),
  completions: z.array(
    z.object({
      id: z.string(),
      index: z.int().nonnegative(),
      text_sha256: z.string(),
      ids: z.array(z.int().nonnegative()),
      values: z.array(z.number()).nullable(),
    }),
  ),
})
export type Reference = z.infer<typeof referenceSchema> & { readonly file: string }

export interface Probe {
  readonly id: string
  readonly index: number
  readonly one: Prepared | Unscored
}

/** What is not the same text, the same ids, or scored on one side alone; null where all are the same. */
export function textsDiffer(prepared: readonly Probe[], { completions }: Reference): string | null {
  const differ = prepared.flatMap(({ id, index, one }) => {
    const want = completions.find((c) => c.id === id && c.index === index)
    if (want === undefined) return [`${id} ${index} is not in it`]
    if (isUnscored(one)) return want.values === null ? [] : [`${id} ${index} is not scored here (${one.reason})`]
    if (one.textSha256 !== want.text_sha256) return [`${id} ${index} is another text: the template differs`]
    if (want.values === null) return [`${id} ${index} has no number in it`]
    const ids = want.ids.slice(one.positionStart)
    return ids.length === one.ids.length && ids.every((token, i) => token === one.ids[i])
      ? []
      : [`${id} ${index} has other token ids`]
  })
  return differ.length === 0
    ? null
    : `${differ.length} of ${prepared.length} probes are not those of the reference: ${differ.slice(0, 3).join('; ')}`
}

/** Who is to mend it: a file that was named is data, one in the model's folder is the model's. */
type Trouble = typeof DataError | typeof ModelError

/**
 * The reference that was named; else the one that lies beside the weights, or where that is of other weights the one that is embedded.
 * @throws DataError for the one that was named, ModelError for the model's own, where it cannot be read or is of other weights or probes
 */
export function referenceOf(model: LoadedModel, named: string | null): Reference | null {
  if (named !== null) {
    const reference = readReference(named, DataError)
    const stale = staleFile(model, reference)
    if (stale !== null) throw new DataError(`is of other weights: ${stale} differs`, named, AGAIN)
    return fitting(reference, model, DataError)
  }
  const beside = join(model.resolved.dir, REFERENCE_FILE)
  const own = existsSync(beside) ? readReference(beside, ModelError) : null
  if (own !== null && staleFile(model, own) === null) return fitting(own, model, ModelError)
  const embedded = embeddedReference(model)
  return embedded === null ? null : fitting(embedded, model, ModelError)
}

const AGAIN = 'Make it again with scripts/oracles/certify.py.'

/** The first file of the model that is not the one that the reference was made of. */
const staleFile = ({ hashes }: LoadedModel, { files }: Reference): string | null =>
  hashes.find(({ name, sha256 }) => files[name] !== sha256)?.name ?? null

function fitting(reference: Reference, { opened }: LoadedModel, Trouble: Trouble): Reference {
  const { file, kind } = reference
  if (reference.probes_sha256 !== probesSha256())
    throw new Trouble('is of other probes', file, 'Make it again with scripts/oracles/certify.py of this version.')
  if ((kind === 'head') !== (opened.kind === 'head'))
    throw new Trouble(`is of a ${kind}, the model is measured by its ${opened.kind}`, file)
  return reference
}

const LARGEST_REFERENCE = 64_000_000

function readReference(file: string, Trouble: Trouble): Reference {
  let json: unknown
  try {
    json = JSON.parse(readRegular(file, LARGEST_REFERENCE).toString('utf8'))
  } catch (cause) {
    throw new Trouble(systemWords(cause), file, null, { cause })
  }
  const parsed = referenceSchema.safeParse(json)
  if (parsed.success) return { ...parsed.data, file }
  const issue = parsed.error.issues[0]!
  throw new Trouble(
    `is no reference: ${issue.path.join('.')}: ${issue.message}`,
    file,
    'scripts/oracles/certify.py makes one.',
  )
}

function embeddedReference(model: LoadedModel): Reference | null {
  const folder = packagePath('src/embedded/certify')
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const all = files.map((name) => readReference(join(folder, name), ModelError))
  return all.find((reference) => staleFile(model, reference) === null) ?? null
}
