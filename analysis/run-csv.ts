import { existsSync, statSync } from 'node:fs'
import { Coder } from '../src/agreement/columns.ts'
import { CodedColumn, Column } from './column.ts'
import { mostRecords } from './csv-records.ts'
import { type CsvRow, eachCsvRow, numberIn } from './csv-rows.ts'
import { PackedKeys } from './key-list.ts'
import { completionKey, idOfKey, joinKey } from './keys.ts'
import { STRATUM_COLUMNS } from './run-strata.ts'
import { fingerprint, type RunCompletions, type RunPairs } from './runs.ts'

/** pairs.csv as columns; none where there is no such file. @param prompts names of prompts, which other files of the run share */
export async function readPairs(path: string, prompts: Coder = new Coder()): Promise<RunPairs> {
  const most = rowsAtMost(path)
  const numbers = {
    margin: new Column(most),
    chosen_score: new Column(most),
    rejected_score: new Column(most),
    chosen_reward: new Column(most),
    rejected_reward: new Column(most),
    chosen_chars: new Column(most),
    rejected_chars: new Column(most),
    chosen_tokens: new Column(most),
    rejected_tokens: new Column(most),
  }
  const columns = Object.entries(numbers)
  const [subset, cluster] = [new CodedColumn(most), new CodedColumn(most, prompts)]
  const texts = { prompt: new Column(most), chosen: new Column(most), rejected: new Column(most) }
  const strata = new Map(STRATUM_COLUMNS.map((name) => [name, { has: false, levels: new CodedColumn(most) }]))
  const writers = { chosen: new CodedColumn(most), rejected: new CodedColumn(most) }
  let written = false
  const key = new PackedKeys()
  if (existsSync(path)) {
    await eachCsvRow(path, ['id', 'subset', 'margin'], (get) => {
      const id = get('id')
      key.push(joinKey(id, get('rejected_index') || '0', get('chosen_index') || '0'))
      subset.push(get('subset'))
      // Runs written before the column existed: rows of one id share a prompt.
      const prompt = get('cluster') || `row ${id}`
      cluster.push(prompt)
      texts.prompt.push(fingerprint(get('cluster')))
      texts.chosen.push(fingerprint(get('chosen_hash')))
      texts.rejected.push(fingerprint(get('rejected_hash')))
      for (const [name, stratum] of strata) {
        stratum.has ||= get.has(name)
        if (stratum.has) stratum.levels.push(get(name))
      }
      written ||= get.has('chosen_model') || get.has('rejected_model')
      if (written) {
        writers.chosen.push(get('chosen_model'))
        writers.rejected.push(get('rejected_model'))
      }
      for (const [name, column] of columns) column.push(numberIn(get(name), path, key.length, name))
    })
  }
  return {
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
    strata: Object.fromEntries(
      [...strata].flatMap(([name, { has, levels }]) => (has ? [[name, levels.done()] as const] : [])),
    ),
    writers: written ? { chosen: writers.chosen.done(), rejected: writers.rejected.done() } : null,
  }
}

/** Prompts of rows by their id, as pairs.csv has them: gathered when one is first asked for, since most files of scores name their own. */
export function promptsOf({ key, cluster: { code, names } }: RunPairs): (id: string) => string | undefined {
  let known: Map<string, string> | null = null
  return (id) => {
    known ??= new Map(Array.from(key, (one, row) => [idOfKey(one), names[code[row]!]!]))
    return known.get(id)
  }
}

/**
 * scores.csv as columns; none where there is no such file.
 * @param promptOf prompts of the rows in pairs.csv
 * @param bytes of a file that grows: those of its beginning that are read
 * @param prompts names of prompts, which pairs.csv of the run has, too
 */
export async function readCompletions(
  path: string,
  promptOf: (id: string) => string | undefined,
  bytes?: number,
  prompts: Coder = new Coder(),
): Promise<RunCompletions> {
  const most = rowsAtMost(path, bytes)
  const [score, reward, tokens, index] = [new Column(most), new Column(most), new Column(most), new Column(most)]
  const [subset, cluster, role] = [new CodedColumn(most), new CodedColumn(most, prompts), new CodedColumn(most)]
  const [transformation, same, family] = [new CodedColumn(most), new Column(most), new CodedColumn(most)]
  const has = { variants: false }
  const texts = { prompt: new Column(most), completion: new Column(most) }
  const key = new PackedKeys()
  const needed = ['id', 'subset', 'role', 'score', 'verifiable_reward']
  const visit = (get: CsvRow): void => {
    const id = get('id')
    const row = key.push(completionKey(id, get('role'), get('index') || '0'))
    subset.push(get('subset'))
    // Runs written before the column existed have the prompt's hash in pairs.csv alone.
    const prompt = get('cluster') || (promptOf(id) ?? `row ${id}`)
    cluster.push(prompt)
    texts.prompt.push(fingerprint(prompt === `row ${id}` ? '' : prompt))
    texts.completion.push(fingerprint(get('completion_hash')))
    role.push(get('role'))
    index.push(numberIn(get('index') || '0', path, row, 'index'))
    score.push(numberIn(get('score'), path, row, 'score'))
    reward.push(numberIn(get('verifiable_reward'), path, row, 'verifiable_reward'))
    tokens.push(numberIn(get('completion_tokens'), path, row, 'completion_tokens'))
    has.variants ||= get.has('transformation') && get.has('same')
    if (!has.variants) return
    transformation.push(get('transformation'))
    same.push(numberIn(get('same'), path, row, 'same'))
    family.push(get('family'))
  }
  if (existsSync(path)) await eachCsvRow(path, needed, visit, bytes)
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
    ...(has.variants && {
      variants: { transformation: transformation.done(), same: same.done(), family: family.done() },
    }),
  }
}

/** Bytes of a record at least, which has a comma for each of its columns but one. */
const LEAST_BYTES = 10

/** Rows that columns need room for; 0, and they grow as they are read, where line feeds do not tell, or nothing can be read. */
function rowsAtMost(path: string, bytes = Number.POSITIVE_INFINITY): number {
  try {
    const most = mostRecords(path, bytes)
    return most * LEAST_BYTES > Math.min(bytes, statSync(path).size) ? 0 : most
  } catch {
    return 0 // said by what reads it next
  }
}
