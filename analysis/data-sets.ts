import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { baseName } from '../src/setup/identity.ts'
import { placesIn } from './key-index.ts'
import type { Keys } from './key-list.ts'
import { matchKeys } from './matching.ts'
import type { Run } from './runs.ts'

/** Runs of the same data. */
export interface DataSet {
  /** The folders' name, without the digits of a hash. */
  readonly name: string
  /** Of the data, as run.json says; null where no run says it. */
  readonly sha256: string | null
  /** What tells it from another of the same name: the data's hash, or one over ids and prompts. */
  readonly digits: string
  /** Each with a name of its own. */
  readonly runs: readonly Run[]
  /** What to tell the user. */
  readonly notes: readonly string[]
}

const dataOf = (run: Run): string | null => run.identity?.dataSha256 ?? null
const nameOf = (run: Run): string => baseName(run.dataset, dataOf(run))

/** The names that a user may call a run's data by: the folder's, that without the digits of its hash, and that with them. */
export function dataNames(dataset: string, sha256: string | null): readonly string[] {
  const plain = baseName(dataset, sha256)
  return sha256 === null ? [dataset] : [dataset, plain, `${plain}~${sha256.slice(0, 8)}`]
}

/**
 * Runs by what they scored. Those whose run.json names the same hash of the data belong together, whatever their folders are called;
 * those with another hash do not. A run that names none goes with the runs of its folder's name that have rows of it: id and prompt.
 */
export function dataSetsOf(runs: readonly Run[]): DataSet[] {
  const groups = new Map<string, { name: string; runs: Run[]; notes: string[] }>()
  for (const run of runs) {
    const sha = dataOf(run)
    if (sha === null) continue
    const group = groups.get(sha)
    if (group === undefined) groups.set(sha, { name: nameOf(run), runs: [run], notes: [] })
    else group.runs.push(run)
  }
  for (const [sha, { name, runs: all, notes }] of groups) {
    const names = [...new Set(all.map(nameOf))]
    if (names.length > 1)
      notes.push(
        `${names.join(' and ')} hold the same data (SHA-256 ${sha.slice(0, 8)}…): analysed together as ${name}`,
      )
  }
  const unknown = new Map<string, Run[]>()
  for (const run of runs) {
    if (dataOf(run) !== null) continue
    unknown.set(run.dataset, [...(unknown.get(run.dataset) ?? []), run])
  }
  const loose: { name: string; runs: Run[]; notes: string[] }[] = []
  for (const [name, some] of unknown) {
    const named = [...groups.values()].filter((group) => group.runs.some((run) => nameOf(run) === name))
    loose.push(...sortIn(name, some, named))
  }
  return [
    ...[...groups].map(([sha256, group]) => ({ ...group, sha256, digits: sha256 })),
    ...loose.map((group) => ({ ...group, sha256: null, digits: rowsDigits(group.runs[0]!) })),
  ].map((set) => ({ ...set, runs: distinct(set.runs) }))
}

interface Loose {
  readonly name: string
  readonly runs: Run[]
  readonly notes: string[]
}

/** Adds each run to the group that it shares most rows with; what shares none makes groups of its own, which are returned. */
function sortIn(name: string, some: readonly Run[], groups: readonly Loose[]): Loose[] {
  if (some.length === 1 && groups.length === 0) return [{ name, runs: [...some], notes: [] }]
  const members = groups.flatMap((group) => group.runs.map((run) => ({ run, group })))
  const { keys } = matchKeys([...some, ...members.map(({ run }) => run)].map(({ completions }) => completions))
  const made: { readonly group: Loose; readonly keys: Keys[] }[] = []
  for (const [i, run] of some.entries()) {
    const own = keys[i]!
    const most = groups.map((group) =>
      Math.max(
        0,
        ...members.flatMap((member, k) => (member.group === group ? [shared(own, keys[some.length + k]!)] : [])),
      ),
    )
    const best = most.indexOf(Math.max(0, ...most))
    if (best >= 0 && most[best]! > 0) {
      groups[best]!.runs.push(run)
      continue
    }
    const fitting = made.filter((one) => one.keys.some((other) => shared(own, other, 1) > 0))
    const group = fitting[0]?.group ?? { name, runs: [], notes: [] }
    const lists = [own]
    for (const other of fitting.slice(1)) {
      group.runs.push(...other.group.runs)
      lists.push(...other.keys)
      made.splice(made.indexOf(other), 1)
    }
    group.runs.push(run)
    if (fitting.length === 0) made.push({ group, keys: lists })
    else fitting[0]!.keys.push(...lists)
  }
  const alone = made.map(({ group }) => group)
  if (alone.length + groups.length > 1)
    for (const { runs, notes } of alone)
      notes.push(
        `${runs.map(({ where }) => where).join(', ')}: no row (id and prompt) in common with other runs on ${name}; analysed apart`,
      )
  return alone
}

/** How many keys of a list another has. @param enough so many need not be exceeded */
function shared(keys: Keys, others: Keys, enough: number = keys.length): number {
  const place = placesIn(keys, others)
  let n = 0
  for (let row = 0; row < keys.length && n < enough; row++) if (place(row) !== -1) n++
  return n
}

/** Stands for data whose hash nobody wrote down: over the ids and prompts of a run. */
function rowsDigits({ completions: { key, texts } }: Run): string {
  const hash = createHash('sha256')
  let row = 0
  for (const each of key) hash.update(`${each}\u0000${texts?.prompt?.[row++] ?? ''}\n`)
  return hash.digest('hex')
}

/** Two runs of one data set may have the same model folder name, under two names of the data or beside an imported file. */
function distinct(runs: readonly Run[]): Run[] {
  const taken = new Set<string>()
  return runs.map((run) => {
    const repeated = runs.filter(({ model }) => model === run.model).length > 1
    let name = repeated ? `${run.model} [${basename(run.where)}]` : run.model
    for (let n = 2; taken.has(name); n++) name = `${run.model} [${basename(run.where)} ${n}]`
    taken.add(name)
    return name === run.model ? run : { ...run, model: name }
  })
}
