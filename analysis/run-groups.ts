import { existsSync } from 'node:fs'
import type { GroupValues } from '../src/agreement/group-values.ts'
import { DataError } from '../src/errors.ts'
import { type CsvRow, eachCsvRow } from './csv-rows.ts'
import { idOfKey } from './keys.ts'
import type { RunCompletions } from './runs.ts'

/** A group of a run, its completions in the order of the data. */
export interface RunGroup extends GroupValues {
  /** Rows of scores.csv that its completions are. */
  readonly rows: readonly number[]
}

/** What groups.csv says of who answers alike, by id; null where the run has none, or an older one. */
type Answers = ReadonlyMap<string, Pick<GroupValues, 'answers' | 'molecules'>>

/**
 * ◆ The groups of a run: the rows that groups.csv names, or where there is none, the ids with several completions. Who answers alike stands in
 * groups.csv alone; without it there are no votes.
 * @throws DataError where groups.csv is not of these scores
 */
export async function readGroups(path: string, completions: RunCompletions): Promise<RunGroup[]> {
  const answers = await readAnswers(path)
  const rows = new Map<string, number[]>()
  for (let i = 0; i < completions.n; i++) {
    if (completions.role.names[completions.role.code[i]!] !== 'completion') continue
    const id = idOfKey(completions.key.at(i)!)
    const own = rows.get(id)
    if (own === undefined) rows.set(id, [i])
    else own.push(i)
  }
  const groups: RunGroup[] = []
  for (const [id, own] of rows) {
    const said = answers?.get(id)
    if (answers === null ? own.length < 2 : said === undefined) continue
    own.sort((a, b) => completions.index[a]! - completions.index[b]!)
    for (const list of [said?.answers, said?.molecules])
      if (list != null && list.length !== own.length)
        throw new DataError(
          `group ${JSON.stringify(id)} has ${list.length} answers, and ${own.length} completions in scores.csv`,
          path,
          'The file was edited, or the two files are of different runs: run it again.',
        )
    const value = (column: Float64Array) => own.map((i) => (Number.isNaN(column[i]!) ? null : column[i]!))
    const { subset, cluster, score, reward } = completions
    groups.push({
      id,
      subset: subset.names[subset.code[own[0]!]!]!,
      cluster: cluster.names[cluster.code[own[0]!]!]!,
      scores: value(score),
      rewards: value(reward),
      answers: said?.answers ?? null,
      molecules: said?.molecules ?? null,
      rows: own,
    })
  }
  return groups
}

async function readAnswers(path: string): Promise<Answers | null> {
  if (!existsSync(path)) return null
  const found = new Map<string, Pick<GroupValues, 'answers' | 'molecules'>>()
  await eachCsvRow(path, ['id'], (get) => {
    found.set(get('id'), {
      answers: listIn(get, 'same_answer', path),
      molecules: listIn(get, 'same_molecule', path),
    })
  })
  return found
}

/** A cell that is a list of indices and nulls; null where it is empty. */
function listIn(get: CsvRow, column: string, path: string): (number | null)[] | null {
  const cell = get(column)
  if (cell === '') return null
  try {
    const list: unknown = JSON.parse(cell)
    if (Array.isArray(list) && list.every((one) => one === null || (Number.isSafeInteger(one) && one >= 0)))
      return list as (number | null)[]
  } catch {
    // said below
  }
  throw new DataError(`${column} of group ${JSON.stringify(get('id'))} is no list of completions`, path)
}
