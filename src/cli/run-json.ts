import { join } from 'node:path'
import { z } from 'zod'
import { DataError, UsageError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { readRegular } from '../read-regular.ts'
import { flagOf, type Option, type OptionTable } from '../setup/option.ts'
import { DATA, GENERATION, GRPO, MODEL, ROWS, RUN, SCORING, SCREEN, STEPS, VERIFICATION } from '../setup/options.ts'
import { isSystemError, systemWords } from '../system-words.ts'
import { shownJson, visibleLine } from '../visible-text.ts'
import type { RunJson } from './manifest.ts'

/**
 * run.json as it comes from a disk: perhaps another's, changed by hand, or of another version. What `RunJson` names is checked here; the
 * rest is shown as it is, or not read.
 */

const text = z.string()
const texts = z.array(text)
const count = z.int().min(0)
const named = <T extends z.ZodType>(of: T) => z.record(text, of)
const perhaps = <T extends z.ZodType>(of: T) => z.nullish(of)

/** What an option may be once it is resolved: its type, and what its row refuses on the command line. */
function optionValue(name: string, { type, choices, default: fallback, read }: Option): z.ZodType {
  const types = {
    string: choices === undefined ? text : z.enum(choices),
    number: z.number(),
    boolean: z.boolean(),
    array: texts,
  }
  const asGiven = types[type].superRefine((value, context) => {
    try {
      read(value, `--${flagOf(name)}`)
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      context.addIssue({ code: 'custom', message: error.message })
    }
  })
  return fallback === null ? asGiven.nullable() : asGiven
}
const valuesOf = (table: OptionTable): Record<string, z.ZodType> =>
  Object.fromEntries(Object.entries(table).map(([name, row]) => [name, optionValue(name, row)]))

const { verify: _, verifyWorkers: __, ...verification } = VERIFICATION
const config = z.looseObject({
  ...valuesOf({ ...GENERATION, ...STEPS, ...MODEL, ...DATA, ...ROWS, ...SCORING, ...GRPO, ...RUN, ...SCREEN }),
  bin: z.enum(['run-rm', 'run-dpo', 'run-verify']),
  // settled by the command where nothing was given
  dataset: text,
  n: z.int().min(1),
  temperature: z.number(),
  stepAggregate: text,
  shard: z.looseObject({ index: z.int().min(1), count: z.int().min(1) }),
  models: z.array(z.looseObject({ role: text, name: text.nullable(), revision: text })),
  columns: named(text),
  verification: z.looseObject({ ...valuesOf(verification), enabled: z.boolean(), workers: z.int().min(1).max(1024) }),
})

const methods = z.looseObject({
  seed: z.number(),
  resamples: count,
  version: text,
  model: text,
  revision: text.nullable(),
  weightsSha256: perhaps(text),
  reference: text.nullable(),
  referenceRevision: perhaps(text),
  referenceSha256: perhaps(text),
  referenceFree: text.nullable(),
  beta: z.number().nullable(),
  dataset: text,
  datasetSha256: text.nullable(),
  kept: perhaps(text),
  pairs: count,
  groups: count,
  variants: count.optional(),
  prompts: count,
  completions: count,
  unread: count.optional(),
  unscored: count,
  unscoredReasons: named(count).optional(),
  unverifiable: count,
  unverifiableReasons: named(count).optional(),
  chatTemplate: text,
  maxLength: z.number().nullable(),
  truncation: text,
  pooling: text.nullable(),
  score: text,
  device: text,
  dtype: text,
  verifier: text,
  standIns: z.array(z.looseObject({ name: text, origin: text, sha256: text })).optional(),
  versions: named(text).optional(),
  hermCompat: z.boolean().optional(),
  remarks: texts,
})

const number = z.number().nullable()
/** What a drift counts, and what it measures. */
const moved = { completions: count, largest: number, rms: number, pairs: count, flips: count, nearTies: count }
const drift = z.discriminatedUnion('measured', [
  z.looseObject({ measured: z.literal(false), dtype: text, reason: text }),
  z.looseObject({
    measured: z.literal(true),
    dtype: text,
    reason: text.nullable(),
    rows: count,
    ...moved,
    bias: number,
    spearman: number,
    spread: number,
    largestShare: number,
    rmsShare: number,
    largestMargin: number,
    atRisk: count.nullable(),
    scoredPairs: count,
    subsets: z.array(z.looseObject({ subset: text, ...moved })),
  }),
])

const runJson = z.looseObject({
  config,
  versions: z.looseObject({ chemherm: text }).catchall(text),
  score: text,
  score_even: z.number().optional(),
  models: z.array(
    z.looseObject({
      name: text,
      adapter: z.looseObject({ type: text, base: text, base_revision: text.nullable() }).nullable(),
      dtype: text.nullable(),
    }),
  ),
  drift: drift.nullable(),
  device: z.looseObject({ device: text, provider: text }).nullable(),
  dataset: z.looseObject({ name: text }),
  verification: z.looseObject({ provenance: z.array(z.looseObject({})) }).nullable(),
  repairs: named(z.looseObject({ completions: count })),
  warnings: texts,
  seed: z.number(),
  herm: z.looseObject({ model: text, modelType: text, refModel: text.nullable(), chatTemplate: text }).nullable(),
  methods,
  identity: z.looseObject({ data_sha256: text.optional() }).optional(),
  failures: z.looseObject({ count: count.optional() }).optional(),
})

/** Largest run.json that is read: names and hashes, of 30 models some hundred kilobytes. */
const MOST_BYTES = 100_000_000
const AGAIN = 'Run the command again in the same folder: what was measured is kept.'

/** run.json of a run, checked. @throws DataError with what is not as a run of this version writes it */
export function readRunJson(folder: string): RunJson {
  const path = join(folder, 'run.json')
  const refuse = (message: string, cause?: unknown): DataError => new DataError(message, path, AGAIN, { cause })
  let record: unknown
  try {
    record = JSON.parse(readRegular(path, MOST_BYTES).toString('utf8'))
  } catch (cause) {
    if (!isSystemError(cause)) throw refuse(`is no JSON: ${visibleLine((cause as Error).message)}`, cause)
    if (cause.code === 'ENOENT')
      throw refuse('is not there: the run has not come to its end, or it was taken away', cause)
    throw refuse(systemWords(cause), cause)
  }
  if (!isRecord(record) || !isRecord(record.config) || !isRecord(record.methods) || !Array.isArray(record.models))
    throw refuse('does not say how the run was made')
  const read = runJson.safeParse(record)
  // the checked record is the one that was read: a schema is no other way to write its type
  if (read.success) return record as RunJson
  const { path: place, message } = read.error.issues[0]!
  const where = place.length === 0 ? 'it' : `"${place.map(String).join('.')}"`
  throw refuse(
    `holds what no run of this version writes: ${where} is ${shownJson(at(record, place))}, ${visibleLine(message)}`,
  )
}

/** The value at a place. */
const at = (record: unknown, place: readonly PropertyKey[]): unknown =>
  place.reduce<unknown>(
    (value, key) => (value === null || value === undefined ? value : (value as Record<PropertyKey, unknown>)[key]),
    record,
  )
