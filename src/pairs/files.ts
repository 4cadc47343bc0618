import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { DataError } from '../errors.ts'
import { digestRegular } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'
import { savedFiles } from './saved.ts'

const DATA_FILE = /\.((jsonl|ndjson|json|csv|tsv|parquet)(\.gz)?|arrow|feather)$/i
/** JSON that describes a data set and holds no rows. */
const DESCRIPTION = /^(dataset_infos?|dataset_dict|state|package(-lock)?|config|\w*metadata\w*)\.json$/i

/** One data file. `name` is its path inside the folder (with `/`), or its base name. */
export interface DataFile {
  readonly path: string
  readonly name: string
}

/**
 * The data files of a file, a folder or a list of them. A folder gives every data file below it in the order of the names; with a
 * split only those whose path has the split as a word of its own (train-00000-of-00002.parquet, data/train/0000.parquet).
 */
export async function listDataFiles(
  source: string | readonly string[],
  split: string | null = null,
): Promise<readonly DataFile[]> {
  const files: DataFile[] = []
  for (const path of typeof source === 'string' ? [source] : source) {
    const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
      const what = cause.code === 'ENOENT' ? 'there is no such file or folder' : systemWords(cause)
      throw new DataError(what, path, null, { cause })
    })
    if (info.isCharacterDevice() || info.isBlockDevice()) throw new DataError('is a device, not a file', path)
    if (!info.isDirectory()) {
      await checkRegular(path, 'Write the rows to a file: they are read more than once.')
      files.push({ path, name: path.split(/[/\\]/).at(-1)! })
    } else files.push(...(await filesBelow(path, split)))
  }
  return files
}

async function filesBelow(folder: string, split: string | null): Promise<readonly DataFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const found = entries
    .filter((entry) => !entry.isDirectory() && DATA_FILE.test(entry.name) && !DESCRIPTION.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, name: relative(folder, path).split(sep).join('/') }))
    .filter(({ name }) => !name.split('/').some((part) => part.startsWith('.')))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  for (const { path } of found) await checkRegular(path, 'Take it out of the folder.')
  const all = await savedFiles(folder, found, split)
  if (all.length === 0)
    throw new DataError(
      'the folder holds no data file',
      folder,
      'Data files end in .jsonl, .json, .csv, .tsv or .parquet, also .gz, or .arrow.',
    )
  if (split === null) return all
  const chosen = all.filter(({ name }) => hasWord(name, split))
  if (chosen.length === 0)
    throw new DataError(
      `no data file belongs to the split "${split}"`,
      folder,
      `There are ${some(all.map(({ name }) => name))}.`,
    )
  return chosen
}

/** A pipe would be waited for, and rows are read more than once. */
async function checkRegular(path: string, hint: string): Promise<void> {
  const info = await stat(path).catch((cause: unknown) => {
    throw new DataError(systemWords(cause), path, null, { cause })
  })
  if (!info.isFile()) throw new DataError('is not a regular file', path, hint)
}

const some = (names: readonly string[]): string =>
  names.length > 10 ? `${names.slice(0, 10).join(', ')} and ${names.length - 10} more` : names.join(', ')

/** As `datasets` finds splits: the word stands between separators (or digits), anywhere in the path. */
function hasWord(name: string, word: string): boolean {
  const at = `/${name}`.split(new RegExp(`[-._ 0-9/]${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[-._ 0-9/]`))
  return at.length > 1
}

/** What a data set's files are, for the manifest. */
export interface DatasetHash {
  /** One file: SHA-256 of its bytes. Several: SHA-256 of the lines `<sha256>  <name>\n`, as `sha256sum` prints them. */
  readonly sha256: string
  readonly files: readonly { readonly name: string; readonly sizeBytes: number; readonly sha256: string }[]
}

export async function hashDataset(files: readonly DataFile[]): Promise<DatasetHash> {
  const hashed = []
  for (const { path, name } of files) {
    const hash = createHash('sha256')
    let sizeBytes: number
    try {
      sizeBytes = await digestRegular(path, hash)
    } catch (cause) {
      throw new DataError(systemWords(cause), path, null, { cause })
    }
    hashed.push({ name, sizeBytes, sha256: hash.digest('hex') })
  }
  const lines = hashed.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('')
  const sha256 = hashed.length === 1 ? hashed[0]!.sha256 : createHash('sha256').update(lines).digest('hex')
  return { sha256, files: hashed }
}
