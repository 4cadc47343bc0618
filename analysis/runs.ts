import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'csv-parse'
import { type Coded, Coder, type CompletionColumns, type PairColumns } from '../src/agreement/columns.ts'
import { DataError } from '../src/errors.ts'
import { plainText } from '../src/report/csv.ts'
import {
  IDENTITY_FILE,
  type Identity,
  identitiesIn,
  identityOfManifest,
  parseIdentity,
  readRecord,
  stampOf,
} from '../src/setup/identity.ts'
import { checkedSize, checkRun } from './run-checks.ts'

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
  /** Rows of one id are pairs of their own, not several completions of one row. */
  readonly plainPairs?: boolean
}
export interface RunCompletions extends CompletionColumns {
  /** id, role and index: what aligns two scorers, once `matchRows` has told rows of other texts apart. */
  readonly key: readonly string[]
  readonly texts?: Texts
  readonly role: Coded
  /** Count from 0 within the role. */
  readonly index: Float64Array
}
export interface RunPairs extends PairColumns {
  /** id, rejected index and chosen index: what aligns two scorers, once `matchRows` has told rows of other texts apart. */
  readonly key: readonly string[]
  readonly texts?: Texts
  readonly chosenTokens: Float64Array
  readonly rejectedTokens: Float64Array
  readonly chosenScore: Float64Array
  readonly rejectedScore: Float64Array
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

/** Numbers that arrive one by one: doubles its buffer, NaN = absent. */
export class Column {
  private data = new Float64Array(1024)
  private size = 0
  push(value: number): void {
    if (this.size === this.data.length) {
      const larger = new Float64Array(this.size * 2)
      larger.set(this.data)
      this.data = larger
    }
    this.data[this.size++] = value
  }
  done(): Float64Array {
    return this.data.slice(0, this.size)
  }
}
/** Strings that arrive one by one, coded. */
export class CodedColumn {
  private readonly coder = new Coder()
  private readonly codes = new Column()
  push(name: string): void {
    this.codes.push(this.coder.add(name))
  }
  done(): Coded {
    return { code: Int32Array.from(this.codes.done()), names: this.coder.names }
  }
}

/** Folders `<output-dir>/<model>/<dataset>` that hold scores, in the order of their names. */
export function findRuns(outputDir: string): { model: string; dataset: string; path: string }[] {
  const folders = (path: string): string[] =>
    existsSync(path)
      ? readdirSync(path, { withFileTypes: true })
          .filter((e) => e.isDirectory())
          .map((e) => e.name)
          .sort()
      : []
  return folders(outputDir)
    .filter((model) => model !== 'analysis')
    .flatMap((model) =>
      folders(join(outputDir, model)).map((dataset) => ({ model, dataset, path: join(outputDir, model, dataset) })),
    )
    .filter(({ path }) => existsSync(join(path, 'scores.csv')))
}

/** Folders that a run has claimed and not yet written its scores into. */
export function unfinishedRuns(outputDir: string): string[] {
  const below = (path: string): string[] =>
    existsSync(path)
      ? readdirSync(path, { withFileTypes: true }).flatMap((e) => (e.isDirectory() ? [join(path, e.name)] : []))
      : []
  return (
    below(outputDir)
      .flatMap(below)
      // one that ended and has no scores is of another kind: run-process writes steps.csv
      .filter((path) => !existsSync(join(path, 'scores.csv')) && !existsSync(join(path, 'run.json')))
      .filter((path) => parseIdentity(readRecord(path, IDENTITY_FILE))?.dataSha256)
      .sort()
  )
}

interface CsvRow {
  (column: string): string
  has(column: string): boolean
}
/** ◆ Rows of a CSV one by one, as a function from column name to text ('' where there is no such column); the `'` prefix is undone. */
async function* csvRows(path: string, needed: readonly string[]): AsyncGenerator<CsvRow> {
  const parser = createReadStream(path).pipe(parse({ bom: true }))
  let header: Map<string, number> | null = null
  let row: string[] = []
  const get: CsvRow = Object.assign(
    (column: string): string => {
      const at = header!.get(column)
      return at === undefined ? '' : plainText(row[at] ?? '')
    },
    { has: (column: string): boolean => header!.has(column) },
  )
  try {
    for await (const record of parser) {
      row = record as string[]
      if (header === null) {
        header = new Map(row.map((name, i) => [name, i]))
        const twice = row.find((name, i) => name !== '' && header!.get(name) !== i)
        if (twice !== undefined) throw new DataError(`the column "${twice}" stands twice`, path)
        const absent = needed.filter((name) => !header!.has(name))
        if (absent.length > 0)
          throw new DataError(`has no column ${absent.join(', ')}`, path, 'Was it written by run-rm or run-dpo?')
        continue
      }
      yield get
    }
  } catch (error) {
    if (error instanceof DataError) throw error
    throw new DataError(`cannot be read: ${error instanceof Error ? error.message : String(error)}`, path, null, {
      cause: error,
    })
  }
}

/** As we and others write numbers: JavaScript's Number would also take white space (as 0), hexadecimal and binary. */
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/** A cell as a number: empty = NaN; anything else that is not a number is an error naming file, row and column. */
function numberIn(cell: string, path: string, row: number, column: string): number {
  if (cell === '') return Number.NaN
  const value = NUMBER.test(cell) ? Number(cell) : Number.NaN
  if (!Number.isFinite(value)) throw new DataError(`${column} is "${cell}", expected a number`, `${path}: row ${row}`)
  return checkedSize(value, column, `${path}: row ${row}`)
}

/** ◆ Reads a run's scores.csv and pairs.csv into columns; memory grows with the numbers and ids only, not the texts. */
export async function readRun(folder: { model: string; dataset: string; path: string }): Promise<Run> {
  for (let attempt = 1; ; attempt++) {
    const files = ['run.json', 'scores.csv', 'pairs.csv'].map((name) => join(folder.path, name))
    const before = stampOf(files)
    const { manifest, warnings } = readManifest(join(folder.path, 'run.json'))
    const { pairs, clusterOfId } = await readPairs(join(folder.path, 'pairs.csv'))
    const completions = await readCompletions(join(folder.path, 'scores.csv'), clusterOfId)
    // else they would be of two runs
    if (stampOf(files) === before) {
      const [, scores, pairsFile] = files as [string, string, string]
      const contradiction = checkRun(pairs, completions, { pairs: pairsFile, scores }, completionKey)
      // what run.json says is of the scores beside it
      const identity = identityOfManifest(manifest) ?? identitiesIn(folder.path).known[0] ?? null
      const { model, dataset, path: where } = folder
      const kind = kindOf({ model, manifest })
      return {
        model,
        kind,
        dataset,
        where,
        pairs,
        completions,
        manifest,
        identity,
        warnings: contradiction === null ? warnings : [...warnings, contradiction],
      }
    }
    if (attempt === READS)
      throw new DataError(
        'changes while it is read',
        folder.path,
        'A run is writing there; analyse it when that has ended.',
      )
  }
}

const READS = 3
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

/** The scores do not need run.json: one that is damaged is said, and the run has none. */
function readManifest(path: string): Pick<Run, 'manifest' | 'warnings'> {
  if (!existsSync(path)) {
    // a run writes it last
    const claimed = existsSync(join(dirname(path), IDENTITY_FILE))
    return { manifest: null, warnings: claimed ? [`${path} is not there: the run has not come to its end`] : [] }
  }
  try {
    return { manifest: JSON.parse(readFileSync(path, 'utf8')) as unknown, warnings: [] }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { manifest: null, warnings: [`${path} is damaged and left aside (${why}); the scores are analysed`] }
  }
}

async function readPairs(path: string): Promise<{ pairs: RunPairs; clusterOfId: Map<string, string> }> {
  const numbers = {
    margin: new Column(),
    chosen_score: new Column(),
    rejected_score: new Column(),
    chosen_reward: new Column(),
    rejected_reward: new Column(),
    chosen_chars: new Column(),
    rejected_chars: new Column(),
    chosen_tokens: new Column(),
    rejected_tokens: new Column(),
  }
  const [subset, cluster] = [new CodedColumn(), new CodedColumn()]
  const texts = { prompt: new Column(), chosen: new Column(), rejected: new Column() }
  const writers = { chosen: new CodedColumn(), rejected: new CodedColumn() }
  let written = false
  const key: string[] = []
  const clusterOfId = new Map<string, string>()
  if (existsSync(path)) {
    for await (const get of csvRows(path, ['id', 'subset', 'margin'])) {
      const id = get('id')
      key.push(`${id}\u0000${get('rejected_index') || '0'}\u0000${get('chosen_index') || '0'}`)
      subset.push(get('subset'))
      // Runs written before the column existed: rows of one id share a prompt.
      const prompt = get('cluster') || `row ${id}`
      cluster.push(prompt)
      texts.prompt.push(fingerprint(get('cluster')))
      texts.chosen.push(fingerprint(get('chosen_hash')))
      texts.rejected.push(fingerprint(get('rejected_hash')))
      clusterOfId.set(id, prompt)
      written ||= get.has('chosen_model') || get.has('rejected_model')
      writers.chosen.push(get('chosen_model'))
      writers.rejected.push(get('rejected_model'))
      for (const [name, column] of Object.entries(numbers)) column.push(numberIn(get(name), path, key.length, name))
    }
  }
  const pairs: RunPairs = {
    n: key.length,
    key,
    texts: { prompt: texts.prompt.done(), chosen: texts.chosen.done(), rejected: texts.rejected.done() },
    subset: subset.done(),
    cluster: cluster.done(),
    margin: numbers.margin.done(),
    chosenScore: numbers.chosen_score.done(),
    rejectedScore: numbers.rejected_score.done(),
    chosenReward: numbers.chosen_reward.done(),
    rejectedReward: numbers.rejected_reward.done(),
    chosenChars: numbers.chosen_chars.done(),
    rejectedChars: numbers.rejected_chars.done(),
    chosenTokens: numbers.chosen_tokens.done(),
    rejectedTokens: numbers.rejected_tokens.done(),
    writers: written ? { chosen: writers.chosen.done(), rejected: writers.rejected.done() } : null,
  }
  return { pairs, clusterOfId }
}

async function readCompletions(path: string, clusterOfId: ReadonlyMap<string, string>): Promise<RunCompletions> {
  const [score, reward, tokens, index] = [new Column(), new Column(), new Column(), new Column()]
  const [subset, cluster, role] = [new CodedColumn(), new CodedColumn(), new CodedColumn()]
  const texts = { prompt: new Column(), completion: new Column() }
  const key: string[] = []
  for await (const get of csvRows(path, ['id', 'subset', 'role', 'score', 'verifiable_reward'])) {
    const id = get('id')
    const row = key.push(completionKey(id, get('role'), get('index') || '0'))
    subset.push(get('subset'))
    // Runs written before the column existed have the prompt's hash in pairs.csv alone.
    const prompt = get('cluster') || (clusterOfId.get(id) ?? `row ${id}`)
    cluster.push(prompt)
    texts.prompt.push(fingerprint(prompt === `row ${id}` ? '' : prompt))
    texts.completion.push(fingerprint(get('completion_hash')))
    role.push(get('role'))
    index.push(numberIn(get('index') || '0', path, row, 'index'))
    score.push(numberIn(get('score'), path, row, 'score'))
    reward.push(numberIn(get('verifiable_reward'), path, row, 'verifiable_reward'))
    tokens.push(numberIn(get('completion_tokens'), path, row, 'completion_tokens'))
  }
  return {
    n: key.length,
    key,
    texts: { prompt: texts.prompt.done(), completion: texts.completion.done() },
    subset: subset.done(),
    cluster: cluster.done(),
    role: role.done(),
    index: index.done(),
    score: score.done(),
    reward: reward.done(),
    length: tokens.done(),
  }
}

export const completionKey = (id: string, role: string, index: string): string => `${id}\u0000${role}\u0000${index}`
/** A pair's key: id, rejected index, chosen index. A pair without an id is its whole key, with the indices 0. */
export function keyParts(key: string): [id: string, rejected: number, chosen: number] {
  const [id, rejected, chosen] = key.split('\u0000') as [string, string, string]
  return id === '' ? [key, 0, 0] : [id, Number(rejected), Number(chosen)]
}
/** The row's id in a pair's or a completion's key. */
export const idOfKey = (key: string): string => key.slice(0, key.indexOf('\u0000'))
