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
  readonly completions: CompletionColumns & { readonly chosen: Uint8Array }
  /** run.json, where there is one. */
  readonly manifest: unknown
}
export interface RunPairs extends PairColumns {
  /** id, rejected index and chosen index: what aligns two scorers. */
  readonly key: readonly string[]
  readonly chosenTokens: Float64Array
  readonly rejectedTokens: Float64Array
  readonly chosenScore: Float64Array
  readonly rejectedScore: Float64Array
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

/** ◆ Rows of a CSV one by one, as a function from column name to text; the `'` prefix is undone. */
async function* csvRows(path: string, needed: readonly string[]): AsyncGenerator<(column: string) => string> {
  const parser = createReadStream(path).pipe(parse({ bom: true }))
  let header: Map<string, number> | null = null
  let row: string[] = []
  const get = (column: string): string => {
    const at = header!.get(column)
    return at === undefined ? '' : plainText(row[at] ?? '')
  }
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
  const manifestPath = join(folder.path, 'run.json')
  let manifest: unknown = null
  try {
    if (existsSync(manifestPath)) manifest = JSON.parse(readFileSync(manifestPath, 'utf8'))
  } catch (error) {
    throw new DataError(`is not JSON: ${String(error)}`, manifestPath)
  }
  return { model: folder.model, dataset: folder.dataset, where: folder.path, pairs, completions, manifest }
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
  }
  return { pairs, clusterOfId }
}

async function readCompletions(path: string, clusterOfId: ReadonlyMap<string, string>): Promise<Run['completions']> {
  const [score, reward, tokens] = [new Column(), new Column(), new Column()]
  const [subset, cluster] = [new CodedColumn(), new CodedColumn()]
  const chosen = new Column()
  let n = 0
  for await (const get of csvRows(path, ['id', 'subset', 'role', 'score', 'verifiable_reward'])) {
    n++
    const id = get('id')
    subset.push(get('subset'))
    cluster.push(clusterOfId.get(id) ?? `row ${id}`)
    score.push(numberIn(get('score'), path, n, 'score'))
    reward.push(numberIn(get('verifiable_reward'), path, n, 'verifiable_reward'))
    tokens.push(numberIn(get('completion_tokens'), path, n, 'completion_tokens'))
    chosen.push(get('role') === 'chosen' ? 1 : 0)
  }
  return {
    n,
    subset: subset.done(),
    cluster: cluster.done(),
    score: score.done(),
    reward: reward.done(),
    length: tokens.done(),
    chosen: Uint8Array.from(chosen.done()),
  }
}
