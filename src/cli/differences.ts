import { createHash } from 'node:crypto'
import { flagOf } from '../setup/option.ts'
import { changesOf, type RunOption } from '../setup/options.ts'

/** An option or a fact in which two runs differ, in words. */
export interface Difference {
  /** The flag, or what else it is. @example '--limit', 'tokenizer of the policy' */
  readonly what: string
  readonly before: string
  readonly now: string
}

/** Parts of run.json that are compared; what an older version did not write is absent. */
type Json = unknown

/** Options that do not stand in a RunConfig by their own names. */
const NAMES: Readonly<Record<string, RunOption>> = {
  'models.0.name': 'model',
  'models.0.revision': 'revision',
  'models.1.name': 'refModel',
  'models.1.revision': 'refRevision',
  'verification.enabled': 'verify',
  'verification.workers': 'verifyWorkers',
  'shard.index': 'shard',
  'shard.count': 'shard',
}

/** Where weights and data lie, not what they are. */
const PATHS: ReadonlySet<string> = new Set(['--model', '--ref-model', '--revision', '--ref-revision', '--dataset'])

/** The option behind a leaf of a RunConfig, of an earlier version's too. */
const nameOf = (path: string): string =>
  NAMES[path] ?? /^columns\.(.+)$/.exec(path)?.[1]?.replace(/$/, 'Column') ?? path.split('.').at(-1)!

const at = (value: Json, ...path: readonly (string | number)[]): Json =>
  path.reduce<Json>(
    (found, key) =>
      typeof found === 'object' && found !== null ? (found as Record<string | number, Json>)[key] : undefined,
    value,
  )

/** Leaves of a JSON value by path; a list of plain values is one leaf. */
function leaves(value: Json, path: string, into: Map<string, Json>): Map<string, Json> {
  const nested = typeof value === 'object' && value !== null
  if (nested && !(Array.isArray(value) && value.every((one) => typeof one !== 'object' || one === null)))
    for (const [key, part] of Object.entries(value as object)) leaves(part, path === '' ? key : `${path}.${key}`, into)
  else into.set(path, value)
  return into
}

const isNone = (value: Json): boolean =>
  value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0)

function words(value: Json, path: string): string {
  if (isNone(value) && value !== false) return path === 'limit' || path === 'filter' ? 'all' : 'not given'
  if (Array.isArray(value)) return value.map(String).join(' ')
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  const text = String(value)
  // line breaks, as a separator has them
  return /\p{Cc}/u.test(text) ? JSON.stringify(text) : text
}

const digest = (value: Json): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 8)
const short = (value: Json): string => (typeof value === 'string' ? value.slice(0, 8) : 'none')

/**
 * What an earlier run, as its run.json has it, was told or found otherwise than this one: options by flag, then the files and versions
 * behind them. Weights and data are the same, or the two would not share a folder.
 */
export function differences(earlier: Json, now: Json): Difference[] {
  const [before, after] = [earlier, now].map((run) => leaves(at(run, 'config'), '', new Map()))
  const found: Difference[] = []
  for (const path of new Set([...before!.keys(), ...after!.keys()])) {
    const name = nameOf(path)
    if (name === 'bin' || changesOf(name) === 'no number') continue
    const [a, b] = [before!.get(path), after!.get(path)]
    if (JSON.stringify(a) === JSON.stringify(b) || (isNone(a) && isNone(b))) continue
    // an option that the earlier version did not have
    const was = before!.has(path) ? words(a, path) : 'not recorded'
    found.push({ what: `--${flagOf(name)}`, before: was, now: words(b, path) })
  }
  const fact = (what: string, a: Json, b: Json, show: (value: Json) => string = String): void => {
    if (a === undefined || b === undefined || JSON.stringify(a) === JSON.stringify(b)) return
    found.push({ what, before: show(a), now: show(b) })
  }
  const models = at(now, 'models')
  for (const [i, model] of (Array.isArray(models) ? models : []).entries()) {
    const of = (...path: string[]): [Json, Json] => [at(earlier, 'models', i, ...path), at(model, ...path)]
    const role = String(at(model, 'role'))
    fact(`tokenizer of the ${role}`, ...of('tokenizer', 'sha256'), short)
    fact(`chat template of the ${role}`, ...of('text', 'template_sha256'), short)
    if (at(earlier, 'config', 'dtype') === at(now, 'config', 'dtype')) fact(`dtype of the ${role}`, ...of('dtype'))
  }
  if (at(earlier, 'config', 'device') === at(now, 'config', 'device'))
    fact('device', at(earlier, 'device', 'device'), at(now, 'device', 'device'))
  const provenance = (run: Json): Json => at(run, 'verification', 'provenance')
  fact('data of the verifier', provenance(earlier), provenance(now), digest)
  fact('chemherm', at(earlier, 'versions', 'chemherm'), at(now, 'versions', 'chemherm'))
  fact('onnxruntime', at(earlier, 'versions', 'onnxruntime-node'), at(now, 'versions', 'onnxruntime-node'))
  return found
}

/** What becomes of the results that are in a run's folder. */
export interface Replaced {
  /** When the earlier run was written, as its run.json says; null where it does not. */
  readonly created: string | null
  /** `again`: the same options. `goes_on`: the same but for a larger --limit. `replaces`: others. */
  readonly how: 'again' | 'goes_on' | 'replaces'
  readonly differences: readonly Difference[]
}

/** @param earlier run.json of the folder: null where there is none, undefined where it cannot be read */
export function replacedBy(earlier: Json, now: Json): Replaced | null {
  if (earlier === null) return null
  const created = at(earlier, 'created')
  const found = differences(earlier, now)
  const [limit, wider] = [at(earlier, 'config', 'limit'), at(now, 'config', 'limit')]
  const larger = typeof limit === 'number' && (typeof wider !== 'number' || wider > limit)
  // the hashes are the same, or the two would not share a folder
  const telling = found.filter(({ what }) => !PATHS.has(what))
  const how =
    earlier === undefined
      ? 'replaces'
      : telling.length === 0
        ? 'again'
        : larger && telling.every(({ what }) => what === '--limit')
          ? 'goes_on'
          : 'replaces'
  return { created: typeof created === 'string' ? created : null, how, differences: found }
}

/** One sentence for the screen. @example 'replaces the run of 2026-11-27 12:00 UTC in results/m/d, with --limit 2 (now all)' */
export function replacedText({ created, how, differences: found }: Replaced, folder: string, dry = false): string {
  const when = created === null ? 'the run' : `the run of ${created.slice(0, 16).replace('T', ' ')} UTC`
  const what = found.map(({ what, before, now }) => `${what} ${before} (now ${now})`).join(', ')
  if (how === 'again')
    return `${dry ? 'would write' : 'writes'} the results of ${when} in ${folder} again${what === '' ? ': the same options' : ` with ${what}`}`
  const verb = how === 'goes_on' ? (dry ? 'would go on from' : 'goes on from') : dry ? 'would replace' : 'replaces'
  return `${verb} ${when} in ${folder}${what === '' ? '' : ` with ${what}`}`
}
