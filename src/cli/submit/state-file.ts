import { z } from 'zod'
import type { ENGINES } from './plan.ts'

/** jobs/state.json as it comes from a disk: names of it become paths and words of a scheduler's command line. */

const text = z.string()
const whole = z.int().min(0)
/** Of a run's jobs and folder. */
const name = text.regex(/^[a-z0-9-]{1,60}$/)
const engine = z.enum(['slurm', 'kubernetes', 'beaker'] satisfies (typeof ENGINES)[number][])
const submission = {
  run: name.nullable(),
  kind: z.enum(['shards', 'merge', 'analyze']),
  shards: z.array(z.int().min(1)),
}
/** An engine's number or name of a job. */
const job = text.regex(/^[A-Za-z0-9][\w./-]{0,252}$/)

const run = z.looseObject({
  name,
  command: z.enum(['run-rm', 'run-dpo', 'run-verify']),
  shards: z.int().min(1).max(1_000_000),
  gpus: whole,
  memory: text,
  wholeMemory: text,
  time: text.nullable(),
  estimate: z.union([text, z.looseObject({})]),
  options: z.record(text, z.unknown()),
  scorer: text,
  dataset: text,
  key: text,
})

const state = z.looseObject({
  plan: z.looseObject({
    engine,
    outputDir: text.min(1),
    token: text.regex(/^[0-9a-f]{1,16}$/).optional(),
    workDir: text.min(1),
    resources: z.looseObject({
      gpus: whole.nullable(),
      cpus: whole,
      memory: text.nullable(),
      time: text.nullable(),
      partition: text.nullable(),
      account: text.nullable(),
      engineOptions: z.array(text),
      image: text.nullable(),
      volumeClaim: text.nullable(),
      namespace: text.nullable(),
      localStore: text.nullish(),
    }),
    runs: z.array(run),
  }),
  submissions: z.array(z.looseObject({ ...submission, job })),
  asked: z.looseObject({ ...submission, name: text }).nullish(),
  asks: whole.optional(),
})

/** What is wrong with a state, with its place; null where nothing is. */
export function faultOf(found: unknown): string | null {
  const read = state.safeParse(found)
  if (read.success) return null
  const { path, message } = read.error.issues[0]!
  return `${path.map(String).join('.')}: ${message}`
}
