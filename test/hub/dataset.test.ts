import { readFileSync, rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DataError, NetworkError, UsageError } from '../../src/errors.ts'
import { type ResolveDatasetOptions, resolveDataset } from '../../src/hub/dataset.ts'
import { freshHub, sha256 } from './server.ts'

const C1 = 'a'.repeat(40)
const C2 = 'b'.repeat(40)
const bytes = Buffer.from('rows')
const repoOf = (paths: readonly string[], card?: string) => ({
  type: 'dataset' as const,
  id: 'org/pairs',
  refs: { main: C1 } as Record<string, string>,
  commits: {
    [C1]: {
      ...(card === undefined ? {} : { 'README.md': Buffer.from(card) }),
      ...Object.fromEntries(paths.map((path) => [path, Buffer.from(`${path}\n`)])),
    },
  } as Record<string, Record<string, Buffer>>,
})

const { hub, cacheDir } = await freshHub()
const resolve = (name: string, options: ResolveDatasetOptions = {}) =>
  resolveDataset(name, {
    endpoint: hub.endpoint,
    token: null,
    cacheDir,
    offline: false,
    retries: 1,
    retryMinMs: 5,
    ...options,
  })
const paths = async (options: ResolveDatasetOptions = {}) =>
  (await resolve('org/pairs', options)).files.map(({ path }) => path)

describe('splits by file name, as Python finds them', () => {
  it('one unnamed file is the train split', async () => {
    hub.repos = [repoOf(['pairs.jsonl', 'dataset_infos.json', '.hidden.json'])]
    const data = await resolve('org/pairs')
    expect(data).toMatchObject({
      id: 'org/pairs',
      revision: C1,
      config: 'default',
      split: 'train',
      source: 'files',
      notes: [],
    })
    expect(readFileSync(data.files[0]!.local, 'utf8')).toBe('pairs.jsonl\n')
  })
  it('shards keep their order and hashes', async () => {
    const shards = ['data/filtered-00000-of-00002.parquet', 'data/filtered-00001-of-00002.parquet']
    hub.repos = [repoOf([...shards, 'data/raw-00000-of-00001.parquet'])]
    const data = await resolve('org/pairs', { split: 'filtered' })
    expect(data.files.map(({ path, sha256: hash }) => [path, hash])).toEqual(
      shards.map((path) => [path, sha256(Buffer.from(`${path}\n`))]),
    )
  })
  it('keywords count only as whole words', async () => {
    hub.repos = [repoOf(['latest/train.jsonl', 'latest/dev.jsonl', 'contest.jsonl'])]
    expect(await paths({ split: 'validation' })).toEqual(['latest/dev.jsonl'])
    expect(await paths({ split: 'train' })).toEqual(['latest/train.jsonl'])
    await expect(resolve('org/pairs', { split: 'test' })).rejects.toThrow(
      'has no split "test"; it has train, validation',
    )
  })
  it('several splits, none asked for: they are listed, none is picked', async () => {
    hub.repos = [repoOf(['train.jsonl', 'test.jsonl'])]
    await expect(resolve('org/pairs')).rejects.toThrow(UsageError)
    await expect(resolve('org/pairs')).rejects.toThrow('has several splits: train, test')
  })
  it('a split of mixed formats is refused', async () => {
    hub.repos = [repoOf(['a.jsonl', 'b.csv'])]
    await expect(resolve('org/pairs')).rejects.toThrow(/mixes jsonl and csv/)
  })
})

describe('splits by the card', () => {
  const card = `---
configs:
- config_name: easy
  data_files:
  - split: train
    path: "easy/*.jsonl"
  - split: eval
    path: [easy/held/a.jsonl, easy/held/b.jsonl]
- config_name: hard
  data_files: hard.csv
- config_name: folder
  data_dir: more
---
# Pairs`
  const all = [
    'easy/1.jsonl',
    'easy/2.jsonl',
    'easy/held/a.jsonl',
    'easy/held/b.jsonl',
    'hard.csv',
    'more/train.json',
    'more/test.json',
  ]
  it.each([
    [{ config: 'easy', split: 'train' }, ['easy/1.jsonl', 'easy/2.jsonl']],
    [{ config: 'easy', split: 'eval' }, ['easy/held/a.jsonl', 'easy/held/b.jsonl']],
    [{ config: 'hard' }, ['hard.csv']],
    [{ config: 'folder', split: 'test' }, ['more/test.json']],
  ])('%o', async (options, expected) => {
    hub.repos = [repoOf(all, card)]
    expect(await paths(options)).toEqual(expected)
  })
  it.each([
    [{}, 'has several configurations: easy, hard, folder'],
    [{ config: 'none' }, 'has no configuration "none"; it has easy, hard, folder'],
    [{ config: 'easy' }, 'has several splits: train, eval'],
  ])('%o is a usage error', async (options, message) => {
    hub.repos = [repoOf(all, card)]
    await expect(resolve('org/pairs', options)).rejects.toThrow(message)
  })
  it('takes the configuration that the card marks as default', async () => {
    hub.repos = [repoOf(all, card.replace('- config_name: hard', '- config_name: hard\n  default: true'))]
    expect(await paths()).toEqual(['hard.csv'])
  })
  it('broken YAML is a data error', async () => {
    hub.repos = [repoOf(all, '---\na: [\n---\n')]
    await expect(resolve('org/pairs')).rejects.toThrow(DataError)
  })
})

describe("the hub's conversion", () => {
  const converted = (files: readonly string[]) => {
    const repo = repoOf(['pairs.py'])
    repo.refs['refs/convert/parquet'] = C2
    repo.commits[C2] = Object.fromEntries(files.map((path) => [path, bytes]))
    return repo
  }
  it('serves where the repository has no files of a known format, and says so', async () => {
    hub.repos = [converted(['default/train/0000.parquet', 'default/train/0001.parquet'])]
    const data = await resolve('org/pairs')
    expect(data).toMatchObject({ revision: C2, source: 'converted', split: 'train' })
    expect(data.files).toHaveLength(2)
    expect(data.notes[0]).toContain(`refs/convert/parquet at ${C2}`)
    const offline = await resolve('org/pairs', { offline: true })
    expect(offline).toMatchObject({ revision: C2, source: 'converted' })
    expect(offline.files).toEqual(data.files)
  })
  it('is refused where it is only a part', async () => {
    hub.repos = [converted(['default/partial-train/0000.parquet'])]
    await expect(resolve('org/pairs')).rejects.toThrow(/only the first part/)
  })
  it('does not stand in for another revision', async () => {
    const repo = converted(['default/train/0000.parquet'])
    repo.refs.v1 = C1
    hub.repos = [repo]
    await expect(resolve('org/pairs@v1')).rejects.toThrow(/has no jsonl, json, csv or parquet files at revision "v1"/)
  })
  it('absent too: a data error', async () => {
    hub.repos = [repoOf(['pairs.py'])]
    await expect(resolve('org/pairs')).rejects.toThrow(DataError)
  })
})

describe('without the hub', () => {
  it('offline reads what was fetched', async () => {
    hub.repos = [repoOf(['train.jsonl', 'test.jsonl'])]
    const online = await resolve('org/pairs', { split: 'test' })
    const offline = await resolve('org/pairs', { split: 'test', offline: true })
    expect(offline.files).toEqual(online.files)
    expect(offline.notes).toEqual(['--offline: org/pairs as the cache has it'])
    await expect(resolve('org/pairs', { split: 'train', offline: true })).rejects.toThrow(/no split "train"/)
  })
  it('nothing cached', async () => {
    await expect(resolve('org/pairs', { offline: true })).rejects.toThrow(NetworkError)
    await expect(resolve('org/none')).rejects.toThrow(/no such data set/)
  })
  it('a shard short is not taken for the whole', async () => {
    const shards = ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet']
    hub.repos = [repoOf(shards)]
    const { files } = await resolve('org/pairs')
    rmSync(files[1]!.local)
    await expect(resolve('org/pairs', { offline: true })).rejects.toThrow(/holds 1 of 2 files of split "train"/)
  })
})
