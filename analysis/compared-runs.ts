import { isRecord } from '../src/is-record.ts'
import type { ComparedModel, ComparedRun } from '../src/report/compare/input.ts'
import { isServed } from './over-time.ts'
import { kindOf, type Run } from './runs.ts'

const word = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)
const part = (value: unknown, name: string): unknown => (isRecord(value) ? value[name] : undefined)

/** What a run says of itself: which weights, which data, how it was called. run.json may be another's, or damaged: only words are taken. */
export function comparedRun(run: Run): ComparedRun {
  const { manifest, identity } = run
  const models = part(manifest, 'models')
  const versions = part(manifest, 'versions')
  const dataset = part(manifest, 'dataset')
  const device = part(manifest, 'device')
  const shown = [word(part(dataset, 'id')) ?? word(part(dataset, 'path')), word(part(dataset, 'revision'))]
  return {
    scorer: run.model,
    kind: kindOf(run),
    where: run.where,
    pairs: run.pairs.n,
    completions: run.completions.n,
    models: (Array.isArray(models) ? models : []).map(modelOf),
    score: word(part(manifest, 'score')),
    dataset: shown.some((value) => value !== null)
      ? shown.filter((value) => value !== null).join(', revision ')
      : run.dataset,
    dataSha256: word(part(dataset, 'sha256')) ?? identity?.dataSha256 ?? null,
    device:
      [word(part(device, 'device')), word(part(device, 'provider'))].filter((value) => value !== null).join(', ') ||
      null,
    versions: Object.fromEntries(
      Object.entries(isRecord(versions) ? versions : {}).filter(
        (pair): pair is [string, string] => word(pair[1]) !== null,
      ),
    ),
    command: word(part(manifest, 'command')),
    created: word(part(manifest, 'created')),
    silent: silence(run),
  }
}

function silence(run: Run): string | null {
  if (run.groups === undefined)
    return 'an imported score file: weights, revision, data hash, versions and command line are not known'
  if (run.manifest === null) return 'no run.json: model, revision, data hash, versions and command line are not known'
  return isServed(run) ? 'kept by a server: its rows are the requests that it got' : null
}

function modelOf(model: unknown): ComparedModel {
  return {
    role: word(part(model, 'role')) ?? 'model',
    name: word(part(model, 'name')) ?? 'not said',
    revision: word(part(model, 'revision')),
    weightsSha256: word(part(model, 'weights_sha256')),
    dtype: word(part(model, 'dtype')) ?? word(part(part(model, 'runner'), 'dtype')),
  }
}
