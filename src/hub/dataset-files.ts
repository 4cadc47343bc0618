import picomatch from 'picomatch'
import { parse } from 'yaml'
import { DataError, UsageError } from '../errors.ts'
import type { RepoFile } from './listing.ts'

/** Files of one split of one configuration, in reading order. */
export interface SplitFiles {
  readonly config: string
  readonly split: string
  readonly files: readonly RepoFile[]
  /** The card marks the configuration with `default: true`. */
  readonly preferred: boolean
}

/** What src/pairs reads. */
const DATA_FILE = /\.(jsonl|json|csv|parquet)(\.gz)?$/
/** Small files that look like data but describe it. */
const NOT_DATA = /(^|\/)(dataset_infos?|dataset_dict|state|config|\.[^/]*)\.json$|(^|\/)\./

/**
 * The splits that a data set's files make up, by the rules of Python's datasets: `configs` in the card's YAML head names
 * them; without it, the word train, validation or test in a path does; files without such a word are `train`.
 * @see https://huggingface.co/docs/hub/datasets-data-files-configuration
 */
export function splitsOf(files: readonly RepoFile[], card: string | null, where: string): SplitFiles[] {
  const data = files.filter(({ path }) => DATA_FILE.test(path) && !NOT_DATA.test(path))
  const configs = card === null ? [] : configsOfCard(card, where)
  return configs.length > 0 ? configs.flatMap((config) => splitsOfConfig(config, data)) : splitsByName(data)
}

interface CardConfig {
  readonly name: string
  readonly preferred: boolean
  /** Split → glob patterns. */
  readonly patterns: ReadonlyMap<string, readonly string[]>
}

function configsOfCard(card: string, where: string): CardConfig[] {
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card)?.[1]
  if (head === undefined) return []
  let yaml: unknown
  try {
    yaml = parse(head)
  } catch (cause) {
    throw new DataError(`YAML head cannot be read: ${(cause as Error).message}`, `${where}/README.md`, null, { cause })
  }
  const { configs } = (yaml ?? {}) as { configs?: unknown }
  if (!Array.isArray(configs)) return []
  return configs.flatMap((config: unknown): CardConfig[] => {
    const {
      config_name: name,
      data_files: given,
      data_dir: dir,
      default: marked,
    } = (config ?? {}) as Record<string, unknown>
    const inside = (pattern: string): string =>
      typeof dir === 'string' && dir !== '' ? `${dir.replace(/\/$/, '')}/${pattern}` : pattern
    const patterns = patternsOf(given, inside)
    if (given === undefined && typeof dir === 'string') patterns.set('', [inside('**')])
    return patterns.size > 0
      ? [{ name: typeof name === 'string' ? name : 'default', preferred: marked === true, patterns }]
      : []
  })
}

/** `data_files` is a pattern, a list of patterns, or a list of {split, path} with one pattern or several. */
function patternsOf(given: unknown, inside: (pattern: string) => string): Map<string, string[]> {
  const patterns = new Map<string, string[]>()
  const add = (split: string, path: unknown): void => {
    const paths = (Array.isArray(path) ? path : [path]).filter((one): one is string => typeof one === 'string')
    if (paths.length > 0) patterns.set(split, [...(patterns.get(split) ?? []), ...paths.map(inside)])
  }
  for (const one of Array.isArray(given) ? given : [given]) {
    if (typeof one === 'string') add('train', one)
    else if (typeof one === 'object' && one !== null) {
      const { split, path } = one as Record<string, unknown>
      add(typeof split === 'string' ? split : 'train', path)
    }
  }
  return patterns
}

function splitsOfConfig({ name, preferred, patterns }: CardConfig, data: readonly RepoFile[]): SplitFiles[] {
  return [...patterns].flatMap(([split, globs]): SplitFiles[] => {
    const matches = picomatch([...globs])
    const files = data.filter(({ path }) => matches(path))
    // A configuration that is only a folder: its splits by file name.
    if (split === '') return splitsByName(files).map((found) => ({ ...found, config: name, preferred }))
    return files.length > 0 ? [{ config: name, split, files, preferred }] : []
  })
}

/** datasets/data_files.py, SPLIT_KEYWORDS; a keyword counts where neither a letter nor a digit touches it. */
const KEYWORDS: readonly (readonly [split: string, words: RegExp])[] = [
  ['train', /(^|[^a-z0-9])(train|training)([^a-z0-9]|$)/i],
  ['validation', /(^|[^a-z0-9])(validation|valid|dev|val)([^a-z0-9]|$)/i],
  ['test', /(^|[^a-z0-9])(test|testing|eval|evaluation)([^a-z0-9]|$)/i],
]

function splitsByName(data: readonly RepoFile[]): SplitFiles[] {
  const bySplit = new Map<string, RepoFile[]>()
  for (const file of data) {
    // data/<split>-00000-of-00003.parquet, as push_to_hub writes it, may name any split.
    const sharded = /(?:^|\/)data\/(\w+(?:\.\w+)*)-\d{5}-of-\d{5}(?:-\w+)?\.\w+$/.exec(file.path)?.[1]
    const split = sharded ?? KEYWORDS.find(([, words]) => words.test(file.path))?.[0] ?? ''
    bySplit.set(split, [...(bySplit.get(split) ?? []), file])
  }
  // Unnamed files are the data only where no file names a split, as in datasets.
  const unnamed = bySplit.get('')
  bySplit.delete('')
  if (bySplit.size === 0 && unnamed) bySplit.set('train', unnamed)
  return [...bySplit].map(([split, files]) => ({ config: 'default', split, files, preferred: false }))
}

/** The hub's own conversion, branch refs/convert/parquet: <config>/<split>/0000.parquet; `partial-` marks a cut one. */
export function convertedSplits(files: readonly RepoFile[]): SplitFiles[] {
  const found = new Map<string, SplitFiles>()
  for (const file of files) {
    const [, config, split] = /^([^/]+)\/([^/]+)\/\d+\.parquet$/.exec(file.path) ?? []
    if (config === undefined || split === undefined) continue
    const key = `${config}\0${split}`
    found.set(key, { config, split, files: [...(found.get(key)?.files ?? []), file], preferred: false })
  }
  return [...found.values()]
}

/** The one split asked for; where several would do, the error lists them rather than picking one. */
export function chooseSplit(
  splits: readonly SplitFiles[],
  asked: { readonly config?: string | undefined; readonly split?: string | undefined },
  where: string,
): SplitFiles {
  const configs = [...new Set(splits.map(({ config }) => config))]
  const marked = splits.find(({ preferred }) => preferred)?.config ?? configs.find((name) => name === 'default')
  const config = asked.config ?? (configs.length === 1 ? configs[0] : marked)
  if (config === undefined)
    throw new UsageError(
      `has several configurations: ${configs.join(', ')}`,
      where,
      'Choose one with --dataset-config.',
    )
  const within = splits.filter((one) => one.config === config)
  if (within.length === 0)
    throw new UsageError(
      `has no configuration "${config}"; it has ${configs.join(', ')}`,
      where,
      'See --dataset-config.',
    )
  const names = within.map(({ split }) => split).join(', ')
  const chosen = asked.split === undefined ? within : within.filter(({ split }) => split === asked.split)
  if (chosen.length === 0) throw new UsageError(`has no split "${asked.split}"; it has ${names}`, where, 'See --split.')
  if (chosen.length > 1) throw new UsageError(`has several splits: ${names}`, where, 'Choose one with --split.')
  const { files } = chosen[0]!
  const kinds = new Set(files.map(({ path }) => DATA_FILE.exec(path)?.[1]))
  if (kinds.size > 1)
    throw new DataError(
      `split "${chosen[0]!.split}" mixes ${[...kinds].join(' and ')} files`,
      where,
      'Download it and give one file.',
    )
  return chosen[0]!
}
