import type { WorkDone } from '../run.ts'

/** Set for a process that is one of several of a run (parts.ts), which reads what it says. */
export const PART_OF = 'CHEMHERM_PART_OF'

/** The event of the last line of a shard, with `work`. */
export const SHARD_DONE = 'shard'

/** Ends a part as SIGTERM does, with what was measured kept, once the process that started it is gone: killed, it passes nothing on. */
export function endWithParent({ stdin, env }: Pick<NodeJS.Process, 'stdin' | 'env'> = process): void {
  if (env[PART_OF] === undefined) return
  stdin.once('close', () => process.kill(process.pid, 'SIGTERM'))
  stdin.resume()
  stdin.unref()
}

/** Seconds between two progress lines: a bar is made of them where another process reads them. */
export const lineEverySeconds = (env: NodeJS.ProcessEnv = process.env): number =>
  env[PART_OF] === undefined ? LINE_EVERY_S : PART_EVERY_S
const LINE_EVERY_S = 10
const PART_EVERY_S = 0.25

/** What a shard's process did, for the run.json of the whole. */
export const workOf = (work: readonly WorkDone[]): Readonly<Record<string, unknown>> => ({
  measured: sum(work, 'measured'),
  found: sum(work, 'found'),
  unscored: sum(work, 'unscored'),
  tokens: sum(work, 'tokens'),
  model_ms: Math.round(sum(work, 'modelMs')),
  halved: sum(work, 'halved'),
  peak_rss_bytes: 1024 * process.resourceUsage().maxRSS,
})
const sum = (
  work: readonly WorkDone[],
  key: 'measured' | 'found' | 'unscored' | 'tokens' | 'modelMs' | 'halved',
): number => work.reduce((total, one) => total + one[key], 0)
