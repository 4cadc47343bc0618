import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { DataError } from '../errors.ts'
import { packagePath } from '../package.ts'
import type { Prepared } from '../score/subject.ts'
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

/** The reference that was named, that lies beside the weights, or that is embedded; it must be of these files and probes. */
export function referenceOf(model: LoadedModel, named: string | null): Reference | null {
  const beside = join(model.resolved.dir, REFERENCE_FILE)
  const file = named ?? (existsSync(beside) ? beside : embeddedReference(model))
  if (file === null) return null
  const reference = readReference(file)
  const stale = model.hashes.find(({ name, sha256 }) => reference.files[name] !== sha256)
  if (stale !== undefined) {
    if (named === null) return null
    throw new DataError(
      `is of other weights: ${stale.name} differs`,
      file,
      'Make it again with scripts/oracles/certify.py.',
    )
  }
  if (reference.probes_sha256 !== probesSha256())
    throw new DataError('is of other probes', file, 'Make it again with scripts/oracles/certify.py of this version.')
  if ((reference.kind === 'head') !== (model.opened.kind === 'head'))
    throw new DataError(`is of a ${reference.kind}, the model is measured by its ${model.opened.kind}`, file)
  return reference
}

function readReference(file: string): Reference {
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new DataError(`cannot be read: ${(cause as Error).message}`, file, null, { cause })
  }
  const parsed = referenceSchema.safeParse(json)
  if (parsed.success) return { ...parsed.data, file }
  const issue = parsed.error.issues[0]!
  throw new DataError(
    `is no reference: ${issue.path.join('.')}: ${issue.message}`,
    file,
    'scripts/oracles/certify.py makes one.',
  )
}

function embeddedReference({ hashes }: LoadedModel): string | null {
  const folder = packagePath('src/embedded/certify')
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'))
  const own = files.find((name) => hashes.every((h) => readReference(join(folder, name)).files[h.name] === h.sha256))
  return own === undefined ? null : join(folder, own)
}
