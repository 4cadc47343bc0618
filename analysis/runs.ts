import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse'
import { type Coded, Coder, type CompletionColumns, type PairColumns } from '../src/agreement/columns.ts'
import { DataError } from '../src/errors.ts'
import { plainText } from '../src/report/csv.ts'

/** One scorer on one data set: a run's folder, or an imported score file. */
export interface Run {
  /** The model folder's name. */
  readonly model: string
  readonly dataset: string
  /** Where it was read from, for messages. */
  readonly where: string
  readonly pairs: RunPairs
  readonly completions: RunCompletions
  /** run.json; null where there is none, or none that can be read. */
  readonly manifest: unknown
  /** What to tell the user of it. */
  readonly warnings: readonly string[]
  /** Rows of one id are pairs of their own, not several completions of one row. */
  readonly plainPairs?: boolean
}
export interface RunCompletions extends CompletionColumns {
  /** id, role and index: what aligns two scorers. */
  readonly key: readonly string[]
  readonly role: Coded
  /** Count from 0 within the role. */
  readonly index: Float64Array
}
export interface RunPairs extends PairColumns {
  /** id, rejected index and chosen index: what aligns two scorers. */
  readonly key: readonly string[]
  readonly chosenTokens: Float64Array
  readonly rejectedTokens: Float64Array
  readonly chosenScore: Float64Array
  readonly rejectedScore: Float64Array
  /** Models that wrote the completions, as the data say (`chosen_model`, `rejected_model`; '' = not said); null without such a column. */
  readonly writers: { readonly chosen: Coded; readonly rejected: Coded } | null
}

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

/** A cell as a number: empty = NaN; anything else that is not a number is an error naming file, row and column. */
function numberIn(cell: string, path: string, row: number, column: string): number {
  if (cell === '') return Number.NaN
  const value = Number(cell)
  if (!Number.isFinite(value)) throw new DataError(`${column} is "${cell}", expected a number`, `${path}: row ${row}`)
  return value
}

/** ◆ Reads a run's scores.csv and pairs.csv into columns; memory grows with the numbers and ids only, not the texts. */
export async function readRun(folder: { model: string; dataset: string; path: string }): Promise<Run> {
  const { pairs, clusterOfId } = await readPairs(join(folder.path, 'pairs.csv'))
  const completions = await readCompletions(join(folder.path, 'scores.csv'), clusterOfId)
  const { manifest, warnings } = readManifest(join(folder.path, 'run.json'))
  return { model: folder.model, dataset: folder.dataset, where: folder.path, pairs, completions, manifest, warnings }
}

/** The scores do not need run.json: one that is damaged is said, and the run has none. */
function readManifest(path: string): Pick<Run, 'manifest' | 'warnings'> {
  if (!existsSync(path)) return { manifest: null, warnings: [] }
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
  const key: string[] = []
  for await (const get of csvRows(path, ['id', 'subset', 'role', 'score', 'verifiable_reward'])) {
    const id = get('id')
    const row = key.push(completionKey(id, get('role'), get('index') || '0'))
    subset.push(get('subset'))
    cluster.push(clusterOfId.get(id) ?? `row ${id}`)
    role.push(get('role'))
    index.push(numberIn(get('index') || '0', path, row, 'index'))
    score.push(numberIn(get('score'), path, row, 'score'))
    reward.push(numberIn(get('verifiable_reward'), path, row, 'verifiable_reward'))
    tokens.push(numberIn(get('completion_tokens'), path, row, 'completion_tokens'))
  }
  return {
    n: key.length,
    key,
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
/** The row's id in a pair's or a completion's key. */
export const idOfKey = (key: string): string => key.slice(0, key.indexOf('\u0000'))
