import { plainName, type Run } from './runs.ts'

/** What run.json says of a run, as far as it bears on its scores. */
export interface RunIdentity {
  /** What the scores are of: data, weights, tokens, texts and formula. Equal in two runs = any difference of scores is numerical. */
  readonly scored: string
  /** How they were computed, by name: device, dtype, provider, batch, threads, ONNX Runtime. */
  readonly computed: Readonly<Record<string, string>>
}

/** The value at a path of a JSON document; undefined where the path ends early. */
function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (found, key) =>
      typeof found === 'object' && found !== null ? (found as Record<string | number, unknown>)[key] : undefined,
    value,
  )
}

/** null where run.json is absent, or names no weights (run-verify, imported scores). */
export function identityOf({ manifest }: Pick<Run, 'manifest'>): RunIdentity | null {
  const models = at(manifest, 'models')
  if (!Array.isArray(models) || models.length === 0) return null
  if (models.some((model) => typeof at(model, 'weights_sha256') !== 'string')) return null
  const scored = JSON.stringify([
    at(manifest, 'dataset', 'sha256'),
    at(manifest, 'score'),
    at(manifest, 'head'),
    at(manifest, 'config', 'reasoning'),
    at(manifest, 'config', 'hermCompat'),
    models.map((model) => [
      at(model, 'role'),
      at(model, 'weights_sha256'),
      at(model, 'tokenizer', 'sha256'),
      at(model, 'text', 'template_sha256') ?? at(model, 'text', 'chat_template'),
      at(model, 'text', 'max_length'),
      at(model, 'text', 'truncation'),
      at(model, 'text', 'pooling'),
    ]),
  ])
  const known: [string, unknown][] = [
    ['dtype', models.map((model) => at(model, 'dtype') ?? at(model, 'runner', 'dtype') ?? '?').join(' + ')],
    ['device', models.map((model) => at(model, 'device') ?? at(model, 'runner', 'device') ?? '?').join(' + ')],
    ['device id', at(manifest, 'device', 'deviceId')],
    ['batch tokens', at(manifest, 'plan', 'batchTokens')],
    ['batch size', at(manifest, 'plan', 'batchSize')],
    ['layout', at(manifest, 'plan', 'layout')],
    ['threads', at(manifest, 'config', 'threads')],
    ['chemherm', at(manifest, 'versions', 'chemherm')],
    ['onnxruntime', at(manifest, 'versions', 'onnxruntime-node')],
    ['cpu', at(manifest, 'machine', 'cpu')],
  ]
  const computed = known.flatMap(([name, value]) =>
    value === undefined || value === null ? [] : [[name, String(value)]],
  )
  return { scored, computed: Object.fromEntries(computed) as Record<string, string> }
}

/** Number format of a run's models, once where policy and reference have the same; null where run.json does not say. */
export function dtypeOf({ manifest }: Pick<Run, 'manifest'>): string | null {
  const models = at(manifest, 'models')
  const known = (Array.isArray(models) ? models : []).map((model) => at(model, 'dtype') ?? at(model, 'runner', 'dtype'))
  const words = [...new Set(known.filter((word) => typeof word === 'string'))]
  return words.length === 0 ? null : words.join(' + ')
}

/** Two runs of one model. */
export interface Twins {
  readonly a: Run
  readonly b: Run
  /** What differs in how they were computed, e.g. "dtype fp32 / bf16"; null where run.json does not say. */
  readonly differs: string | null
}

/**
 * Runs that scored the same texts with the same weights and formula under several names. Where a run has no run.json, folder names
 * that differ only in what follows `@` (`--name model@bf16`) stand in for it.
 */
export function twinsOf(runs: readonly Run[]): Twins[] {
  const known = runs.map((run) => ({ run, identity: identityOf(run), stem: stemOf(run.model) }))
  return known.flatMap((a, i) =>
    known.slice(i + 1).flatMap((b): Twins[] => {
      if (a.identity !== null && b.identity !== null)
        return a.identity.scored === b.identity.scored
          ? [{ a: a.run, b: b.run, differs: difference(a.identity.computed, b.identity.computed) }]
          : []
      return a.stem === b.stem ? [{ a: a.run, b: b.run, differs: null }] : []
    }),
  )
}

/** A name with the digits of a hash says that its weights are others than those of the plain name. */
const stemOf = (model: string): string => (plainName(model) === model ? model.replace(/@[^@]*$/, '') : model)

function difference(a: RunIdentity['computed'], b: RunIdentity['computed']): string {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name])
  return names.length === 0
    ? 'nothing'
    : names.map((name) => `${name} ${a[name] ?? '?'} / ${b[name] ?? '?'}`).join(', ')
}
