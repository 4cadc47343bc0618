import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DataError, HarnessError, UsageError } from '../errors.ts'
import { PASSING_NAME, passingName, sweepPassing } from '../passing-file.ts'
import { systemWords } from '../system-words.ts'
import {
  IDENTITY_FILE,
  type Identity,
  identitiesIn,
  identityRecord,
  namesOf,
  parseIdentity,
  readRecord,
  sameScorer,
  scorerSha256,
} from './identity.ts'

/** Where a run's files stand. */
export interface RunFolder {
  readonly path: string
  readonly identity: Identity
  /** Why a name has digits behind it, one sentence a folder; empty where the plain names were free or ours. */
  readonly remarks: readonly string[]
}

/** What is to be written, and where its folder should be. */
export interface FolderRequest {
  readonly outputDir: string
  /** Folder names as the contract derives them. */
  readonly scorer: string
  readonly dataset: string
  readonly identity: Identity & { readonly dataSha256: string }
  /** A file that another command generated from the same model and data: its folder is left to it. */
  readonly beside?: string
}

/** A folder is ours, nobody's, or somebody's: then a sentence says whose. */
export type Owner = 'mine' | 'free' | { readonly other: string }

/**
 * The folder `<output-dir>/<scorer>/<data set>` of a run. A folder that belongs to other weights or other data, or that holds files of
 * unknown origin, is not reused: `~` and the first digits of the hash are appended. One that is ours is found again, under whichever
 * of the names, also before the plain name that has become free. Nothing is written.
 */
export function findRunFolder({ outputDir, scorer, dataset, identity, beside }: FolderRequest): RunFolder {
  const above = choose(outputDir, scorer, scorerSha256(identity), (path, name) =>
    RESERVED.has(name.toLowerCase()) ? { other: 'is where analyses stand' } : ownerOfScorer(path, identity),
  )
  const own = choose(above.path, dataset, identity.dataSha256, (path) =>
    beside !== undefined && [beside, `${beside}.partial`].some((name) => existsSync(join(path, name)))
      ? { other: `holds ${beside}, which another command generated` }
      : ownerOfRun(path, identity),
  )
  return { path: own.path, identity, remarks: [...insideOf(outputDir), ...above.remarks, ...own.remarks] }
}

/** The same, made and claimed: two runs that start at once with other weights or data under one name get a folder each. */
export function claimRunFolder(request: FolderRequest): RunFolder {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = findRunFolder(request)
    makeOutputFolder(found.path)
    const scorer = { weights: request.identity.weights, dataSha256: null }
    if (claim(dirname(found.path), scorer) && claim(found.path, request.identity)) return found
  }
  throw new UsageError('other runs take every name for the folder of this one', request.outputDir, 'Give it a --name.')
}

/** A folder for what a scorer gives outside of runs, by the same rule. */
export function claimScorerFolder(
  parent: string,
  name: string,
  weights: Identity['weights'],
): Omit<RunFolder, 'identity'> {
  const identity: Identity = { weights, dataSha256: null }
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const found = choose(parent, name, scorerSha256(identity), (path) => ownerOfScorer(path, identity))
    makeOutputFolder(found.path)
    if (claim(found.path, identity)) return found
  }
  throw new UsageError('others take every name for this folder', join(parent, name), 'Choose another --output-dir.')
}

/** Runs below the results of another run are not among those that `analyze` finds. */
function insideOf(outputDir: string): string[] {
  for (let path = resolve(outputDir); path !== dirname(path); path = dirname(path))
    if (identitiesIn(path).known.length > 0)
      return [
        `--output-dir ${outputDir} lies in the results of another run (${path}): analyze does not look there for runs`,
      ]
  return []
}

const ATTEMPTS = 20
/** Folders of the output folder that belong to no scorer. */
const RESERVED: ReadonlySet<string> = new Set(['analysis'])

/** The first name that is ours, else the first that is free. */
export function choose(
  parent: string,
  name: string,
  sha256: string,
  ownerOf: (path: string, name: string) => Owner,
): { readonly path: string; readonly owner: 'mine' | 'free'; readonly remarks: readonly string[] } {
  const names = namesOf(name, sha256).map((each) => {
    const path = join(parent, each)
    return { path, owner: ownerOf(path, each) }
  })
  const found = names.find(({ owner }) => owner === 'mine') ?? names.find(({ owner }) => owner === 'free')
  if (found === undefined)
    throw new UsageError('every name for these results is taken', join(parent, name), 'Choose another --output-dir.')
  const { path, owner } = names[0]!
  const why = typeof owner === 'object' ? owner.other : 'is free again, but this one is there'
  const ours = found.owner === 'mine'
  return {
    path: found.path,
    owner: ours ? 'mine' : 'free',
    remarks: found.path === path ? [] : [`results ${ours ? 'stand in' : 'go into'} ${found.path}: ${path} ${why}`],
  }
}

/** A path that cannot be looked at is none: whoever makes the folder says why. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** Files of a run that is under way, and of none; what begins with a dot is the system's. */
const PASSING = /^\.|\.partial$|\.lock$|^measurements(\.shard-\d+-of-\d+)?\.jsonl$/
const SHOWN = 3
function strangers(names: readonly string[]): string | null {
  const found = names.filter((name) => !PASSING.test(name) && !PASSING_NAME.test(name)).sort()
  if (found.length === 0) return null
  return `${found.slice(0, SHOWN).join(', ')}${found.length > SHOWN ? ` and ${found.length - SHOWN} more` : ''}`
}

/** A folder that cannot be listed is for `makeOutputFolder` to refuse. */
function entriesOf(path: string): readonly { readonly name: string; readonly folder: boolean }[] {
  try {
    return readdirSync(path, { withFileTypes: true }).map((e) => ({ name: e.name, folder: e.isDirectory() }))
  } catch {
    return []
  }
}

const digits = (sha: string): string => `SHA-256 ${sha.slice(0, 8)}…`

function otherWeights(theirs: Identity, ours: Identity): Owner {
  const of = (identity: Identity): string =>
    identity.weights.length === 0
      ? 'no model'
      : identity.weights.map(({ role, sha256 }) => `${role} ${digits(sha256)}`).join(', ')
  return { other: `belongs to other weights (${of(theirs)}; here ${of(ours)})` }
}

/** A scorer's folder belongs to the weights that its identity.json names; without one, to those of the runs in it. */
function ownerOfScorer(path: string, ours: Identity): Owner {
  if (!isFolder(path)) return 'free'
  // listed before they are read: what another run writes in between is then no stranger
  const entries = entriesOf(path)
  const record = readRecord(path, IDENTITY_FILE)
  const stated = parseIdentity(record)
  if (stated !== null) return sameScorer(stated, ours) ? 'mine' : otherWeights(stated, ours)
  if (record !== null) return { other: `has an ${IDENTITY_FILE} that cannot be read` }
  const runs = entries
    .flatMap(({ name, folder }) => (folder ? identitiesIn(join(path, name)).known : []))
    .filter((run) => run.dataSha256 !== null)
  const other = runs.find((run) => !sameScorer(run, ours))
  if (other !== undefined) return otherWeights(other, ours)
  if (runs.length > 0) return 'mine'
  const files = strangers(entries.flatMap(({ name, folder }) => (folder ? [] : [name])))
  return files === null ? 'free' : { other: `holds files that no run wrote (${files})` }
}

/** A run's folder belongs to what its identity.json and its run.json name; without them, files in it are of unknown origin. */
function ownerOfRun(path: string, ours: Identity): Owner {
  if (!isFolder(path)) return 'free'
  const entries = entriesOf(path)
  const { known, damaged } = identitiesIn(path)
  if (damaged.includes(IDENTITY_FILE)) return { other: `has an ${IDENTITY_FILE} that cannot be read` }
  for (const theirs of known) {
    if (theirs.dataSha256 !== ours.dataSha256)
      return {
        other: `belongs to other data (${theirs.dataSha256 === null ? 'unknown' : digits(theirs.dataSha256)}; here ${digits(ours.dataSha256!)})`,
      }
    if (!sameScorer(theirs, ours)) return otherWeights(theirs, ours)
  }
  if (known.length > 0) return 'mine'
  const files = strangers(entries.map(({ name }) => name))
  return files === null ? 'free' : { other: `holds files whose weights and data are not known (${files})` }
}

function linkOrWrite(partial: string, path: string, text: string): void {
  try {
    linkSync(partial, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    // a file system without links: the text is shorter than one write
    try {
      writeFileSync(path, text, { flag: 'wx' })
    } catch (cause) {
      // a full disk leaves an empty file, which would be a damaged record
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(path, { force: true })
      throw cause
    }
  }
}

/** Writes identity.json, unless another run was faster. Whether the folder is ours. */
function claim(folder: string, identity: Identity): boolean {
  const path = join(folder, IDENTITY_FILE)
  const text = `${JSON.stringify(identityRecord(identity), null, 2)}\n`
  const partial = passingName(path, 'partial')
  sweepPassing(path)
  try {
    if (!existsSync(path)) {
      try {
        writeFileSync(partial, text)
        linkOrWrite(partial, path, text)
      } finally {
        rmSync(partial, { force: true })
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unwritable(error, folder)
  }
  const there = parseIdentity(readRecord(folder, IDENTITY_FILE))
  return there !== null && sameScorer(there, identity) && there.dataSha256 === identity.dataSha256
}

/**
 * Makes the folder of a run's files, and says before anything is computed where it cannot be made. Each level is made by itself:
 * Node 20's recursive mkdir never returns where the system answers "not found" for a folder that it does not allow (/proc).
 */
export function makeOutputFolder(folder: string): void {
  const missing = checkOutputFolder(folder)
  try {
    for (const path of missing) makeOne(path)
  } catch (cause) {
    throw unwritable(cause, missing[0] ?? folder)
  }
}

/**
 * Says of a folder that is or will be there whether it can be written into, before anything is read or downloaded for it.
 * @returns its levels that are missing, the upper ones first
 * @throws DataError
 */
export function checkOutputFolder(folder: string): readonly string[] {
  const missing: string[] = []
  let parent = resolve(folder)
  for (; !existsSync(parent); parent = dirname(parent)) missing.unshift(parent)
  try {
    refuseOther(parent)
    accessSync(parent, constants.W_OK)
  } catch (cause) {
    throw unwritable(cause, missing[0] ?? parent)
  }
  return missing
}

/** Trouble with a folder of results, as an error that says what to do: output that cannot be written is exit 3, as a full disk is. */
export function unwritable(cause: unknown, where: string): unknown {
  if (cause instanceof HarnessError) return cause
  const { code } = cause as NodeJS.ErrnoException
  const words = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : systemWords(cause)
  return new DataError(
    words.startsWith('cannot be written') ? words : `cannot be written: ${words}`,
    where,
    'Choose another --output-dir.',
    { cause },
  )
}

/** Another shard of the same run may be making it, too. */
function makeOne(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    refuseOther(path)
  }
}

/** A file, a pipe, a link to neither. */
function refuseOther(path: string): void {
  const there = statSync(path)
  if (there.isDirectory()) return
  throw new DataError(
    `is ${there.isFile() ? 'a file' : 'no folder'}, expected a folder`,
    path,
    'Choose another --output-dir.',
  )
}
