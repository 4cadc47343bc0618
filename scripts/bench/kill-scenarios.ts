/** What `kills.ts` and `full-disk.ts` disturb, and how a folder is compared with that of an undisturbed run. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type Call = readonly [command: string, ...args: string[]]
export interface Scenario {
  readonly name: string
  /** Run before, undisturbed; what they write is the start of every point. */
  readonly before: (out: string) => readonly Call[]
  /** One of them is killed. */
  readonly calls: (out: string) => readonly Call[]
}

const QUICK = ['--resamples', '100', '--device', 'cpu']
const SMALL = [...QUICK, '--limit', '15', '--batch-size', '2']
const to = (out: string): string[] => ['--output-dir', out]
const shard = (out: string, i: number, ...more: string[]): Call => [
  'run-rm',
  ...SMALL,
  '--no-verify',
  ...to(out),
  '--shard',
  `${i}/3`,
  ...more,
]
const MOLECULES = [
  'CCO ethanol',
  'CC(=O)Oc1ccccc1C(=O)O aspirin',
  'CN1C=NC2=C1C(=O)N(C(=O)N2C)C caffeine',
  'C[C@H](N)C(=O)O alanine',
  'OC1CCCCC1 cyclohexanol',
  'CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O ibuprofen',
  'N[C@@H](Cc1ccccc1)C(=O)O phenylalanine',
  'O=C(O)CCC(=O)O succinic',
  'ClCCBr chlorobromoethane',
  'CCN(CC)CC triethylamine',
]
/** @param top folder for what they read */
export function scenariosIn(top: string): readonly Scenario[] {
  const molecules = join(top, 'molecules.smi')
  writeFileSync(molecules, `${MOLECULES.join('\n')}\n`)
  return [
    { name: 'run-rm', before: () => [], calls: (out) => [['run-rm', ...SMALL, '--no-verify', ...to(out)]] },
    { name: 'run-rm with verdicts', before: () => [], calls: (out) => [['run-rm', ...SMALL, ...to(out)]] },
    { name: 'run-dpo', before: () => [], calls: (out) => [['run-dpo', ...SMALL, '--no-verify', ...to(out)]] },
    { name: 'shards', before: () => [], calls: (out) => [1, 2, 3].map((i) => shard(out, i)) },
    {
      name: 'merge',
      before: (out) => [1, 2, 3].map((i) => shard(out, i, '--merge', 'never')),
      calls: (out) => [['run-rm', ...SMALL, '--no-verify', ...to(out), '--shard', '1/3', '--merge', 'only']],
    },
    {
      name: 'analyze',
      before: (out) => [
        ['run-rm', ...SMALL, '--no-verify', ...to(out)],
        ['run-dpo', ...SMALL, '--no-verify', ...to(out)],
      ],
      calls: (out) => [['analyze', '--resamples', '100', ...to(out)]],
    },
    {
      name: 'run-verify',
      before: () => [],
      calls: (out) => [['run-verify', '--limit', '15', '--resamples', '100', ...to(out)]],
    },
    { name: 'run-process', before: () => [], calls: (out) => [['run-process', ...QUICK, '--limit', '10', ...to(out)]] },
    {
      name: 'run-generate',
      before: () => [],
      calls: (out) => [
        [
          'run-generate',
          '--device',
          'cpu',
          '--limit',
          '12',
          '--n',
          '2',
          '--temperature',
          '1',
          '--max-new-tokens',
          '12',
          ...to(out),
        ],
      ],
    },
    {
      name: 'make-pairs',
      before: () => [],
      calls: (out) => [['make-pairs', '--from', molecules, '--n', '40', '--output', join(out, 'pairs.jsonl')]],
    },
  ]
}

/** Of run.json: when, how long, with how much memory, by which start, and what was left to do for the last one. */
const PASSING = new Set(
  'created command elapsed_ms replaced warnings work runner finished kept_prompts prompt_tokens_computed prompt_tokens_with_padding new_tokens steps mean_batch recomputed open_ms model_ms tokens_per_second memory'.split(
    ' ',
  ),
)
const lasting = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(lasting)
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).flatMap(([k, v]) => (PASSING.has(k) ? [] : [[k, lasting(v)]])))
      : value

function comparable(name: string, text: string): string {
  if (/(^|\/)(run|analysis)\.json$/.test(name)) return JSON.stringify(lasting(JSON.parse(text)))
  if (name.endsWith('report.html'))
    return text
      .replace(/<div>\s*<dt>[^<]*\b(work|runner|replaced|warnings)\b[^<]*<\/dt>\s*<dd>[^<]*<\/dd>\s*<\/div>/g, '')
      .replace(
        /<tr>\s*<th[^>]*>(created|command|elapsed ms|memory|replaced|warnings)<\/th>\s*<td>.*?<\/td>\s*<\/tr>/gs,
        '',
      )
      .replace(/\n\s*\n/g, '\n')
  return text
}

/** Every file of a folder by its name, as it may be compared. */
export function snapshot(folder: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name)
    if (statSync(path).isFile()) found.set(name, comparable(name, readFileSync(path, 'latin1')))
  }
  return found
}

export const unlike = (whole: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] => [
  ...[...whole.keys()].filter((name) => !other.has(name)).map((name) => `${name} is missing`),
  ...[...other.keys()].filter((name) => !whole.has(name)).map((name) => `${name} is left over`),
  ...[...whole.keys()]
    .filter((name) => other.has(name) && other.get(name) !== whole.get(name))
    .map((name) => `${name} differs`),
]

/** The scenarios that `--only a,b` names; all without it. */
export function chosen(all: readonly Scenario[], only: string | undefined): readonly Scenario[] {
  if (only === undefined) return all
  const names = only.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !all.some((one) => one.name === name))
  if (unknown.length > 0)
    throw new Error(`--only: no scenario ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`)
  return all.filter(({ name }) => names.includes(name))
}
