import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readSource } from '../../../src/make/source.ts'
import { expected, rowsOf, seed, type Target, texts } from '../target.ts'

const FORMATS = 'test/data/pairs/formats'
const SAVED = 'test/data/pairs/saved'
const FORMS = 'test/data/pairs/forms'
const named = (folder: string, ...names: readonly string[]): Buffer[] => names.map((name) => seed(join(folder, name)))

/** Data sets, by the format of their file. */
export const dataTargets = (scratch: string): Target[] => [
  {
    name: 'parquet',
    seeds: [
      ...named(FORMATS, 'pairs-none.parquet', 'pairs-zstd.parquet', 'pairs-snappy.parquet', 'pairs-checksums.parquet'),
      ...named(FORMATS, 'pairs-lz4.parquet', 'pairs-brotli.parquet', 'conversations.parquet'),
    ],
    run: rowsOf(scratch, 'x.parquet'),
  },
  {
    name: 'arrow',
    seeds: named(SAVED, 'typed.arrow', 'typed-stream.arrow', 'plain.feather', 'lz4.feather'),
    run: rowsOf(scratch, 'x.arrow'),
  },
  { name: 'csv', seeds: named(FORMATS, 'pairs.csv', 'pairs-semicolon.csv'), run: rowsOf(scratch, 'x.csv') },
  {
    name: 'jsonl',
    json: 'lines',
    seeds: [
      ...named(FORMATS, 'pairs.jsonl'),
      ...named(FORMS, 'pair-messages.jsonl', 'pair-best-of-n.jsonl', 'group-objects.jsonl', 'content-parts.jsonl'),
      ...named(FORMS, 'ether0-object.jsonl', 'rewardbench-2.jsonl', 'trl-implicit-conversation.jsonl'),
    ],
    run: rowsOf(scratch, 'x.jsonl'),
  },
  {
    name: 'json',
    json: true,
    seeds: [
      ...named(FORMATS, 'pairs-data.json', 'pairs.json', 'pairs-splits.json', 'pairs-compact.json'),
      ...named(SAVED, 'pandas-split.json', 'to-dict.json'),
    ],
    run: rowsOf(scratch, 'x.json'),
  },
  {
    name: 'gzip',
    seeds: [gzipSync(seed(join(FORMATS, 'pairs.jsonl'))), gzipSync(Buffer.from('{"prompt":"a"}\n'.repeat(3000)))],
    run: rowsOf(scratch, 'x.jsonl.gz'),
  },
  {
    name: 'smi',
    seeds: texts('CCO ethanol\nCC(=O)O>>CC(=O)OC x\r\n[CH3:1]C\tname\n\n', 'C.C>[Pd]>CC\rCCN'),
    run: (input) =>
      expected(async () => {
        writeFileSync(join(scratch, 'x.smi'), input)
        for await (const _ of readSource(join(scratch, 'x.smi')));
      }),
  },
  {
    name: 'any name',
    json: true,
    seeds: [
      ...texts('[{"prompt":"q","chosen":"a","rejected":"b"}]', 'prompt,chosen,rejected\nq,a,b\n'),
      ...named(FORMATS, 'pairs-none.parquet', 'pairs.jsonl.gz'),
    ],
    run: rowsOf(scratch, 'x.data'),
  },
]
