/**
 * Rewards per CPU second in one thread, by function; beside ether0's Python on the same completions, both in turn, the middle of the rounds
 * each; and, where it is asked for, memory over so many completions:
 *   npx tsx scripts/bench/rewards.ts [--count 1000] [--rounds 3] [--python ETHER0_CHECKOUT] [--venv FOLDER] [--memory 100000]
 * ether0 is on no package index: give a checkout of github.com/Future-House/ether0. What it needs is installed into a venv.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { loadChemistryData } from '../../src/chem/ether0/data.ts'
import { judge } from '../../src/chem/ether0/evaluate.ts'
import { noOracles } from '../../src/chem/oracles/none.ts'
import { Toolkit } from '../../src/chem/toolkit/toolkit.ts'
import { packagePath } from '../../src/package.ts'
import { prng } from '../../src/prng.ts'

const REQUIREMENTS = 'rdkit==2026.9.1 exmol==3.3.0 molbloom==3.2.0 datasets==5.2.0 pydantic regex httpx tenacity'.split(
  ' ',
)

const { values: options } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    venv: { type: 'string' },
    memory: { type: 'string', default: '0' },
  },
})
const count = Number(options.count)
/** Names for each molecule: comparing them takes a microsecond, so that few would measure how the code is compiled. */
const NAMES = 20

type Case = readonly [answer: string, target: string]
interface Row {
  readonly smiles: string
  readonly valid: boolean
  readonly smiles_out: string
  readonly formula: { readonly value?: string }
}

/** Distinct drug-like answers: edited drugs that RDKit can read, longer than 20 characters. */
function corpus(): Record<string, Case[]> {
  const text = gunzipSync(readFileSync(packagePath('test/data/chem/fuzz.jsonl.gz'))).toString('utf8')
  const random = prng(7)
  const rows = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Row)
    .filter(({ smiles, valid }) => valid && /^[A-Za-z0-9()[\]@+\-=#/\\]{21,110}$/.test(smiles))
    .slice(0, count)
  const names = (name: (i: number) => Case): Case[] => Array.from({ length: NAMES * rows.length }, (_, i) => name(i))
  const of = (target: (row: Row) => string): Case[] => rows.map((row) => [row.smiles, target(row)])
  return {
    valid_mol_eval: of(({ smiles }) => smiles.slice(0, 1 + Math.floor(random() * 10))),
    formula_eval: of((row) => row.smiles_out),
    functional_group_eval: of((row) => `('${row.formula.value}', ['aromatic', 'primary carbon'])`),
    product_eval: of((row) => row.smiles_out),
    caption_eval: of((row) => row.smiles_out),
    should_answer_eval: of(() => ''),
    rxn_eval: names((i) => [`Buchwald-Hartwig amination ${i}`, 'Buchwald–Hartwig amination']),
    str_eval: names((i) => [`(${i}R)-methyl 2-(ethylcarbamoyl)-1,3-dioxo-1(H)-pyridine`, '2-methylpyridine']),
  }
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
interface Timing {
  readonly seconds: number
  readonly values: readonly (number | null)[]
}

async function ours(cases: Record<string, Case[]>): Promise<Record<string, Timing>> {
  const data = loadChemistryData()
  const timings: Record<string, Timing> = {}
  for (const [name, list] of Object.entries(cases)) {
    const warmUp = await Toolkit.load()
    const run = async (mols: Toolkit, [answer, target]: Case): Promise<number | null> => {
      if (!mols.ready) await mols.recover()
      const outcome = judge(name, answer, target, { oracles: noOracles }, { mols, data })
      return (outcome instanceof Promise ? await outcome : outcome).judgement.value
    }
    for (const each of list.slice(0, 500)) await run(warmUp, each)
    // a fresh RDKit: nothing is known of these molecules
    const mols = await Toolkit.load()
    const start = cpuSeconds()
    const values: (number | null)[] = []
    for (const each of list) values.push(await run(mols, each))
    timings[name] = { seconds: cpuSeconds() - start, values }
  }
  return timings
}

function python(cases: Record<string, Case[]>, checkout: string): Record<string, Timing> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-rewards-'))
  const venv = options.venv ?? join(folder, 'venv')
  const interpreter = join(venv, 'bin/python')
  if (!existsSync(interpreter)) {
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' })
    execFileSync(interpreter, ['-m', 'pip', 'install', '--quiet', ...REQUIREMENTS], { stdio: 'inherit' })
  }
  const file = join(folder, 'corpus.json')
  writeFileSync(file, JSON.stringify(cases))
  const script = packagePath('scripts/bench/rewards-python.py')
  const output = execFileSync(interpreter, [script, file, join(checkout, 'src'), packagePath('src/embedded/chem')], {
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return JSON.parse(output.toString('utf8')) as Record<string, Timing>
}

/** Resident and RDKit memory every 20,000 completions. */
async function memory(cases: Record<string, Case[]>, total: number): Promise<string[]> {
  const data = loadChemistryData()
  const mols = await Toolkit.load()
  const list = cases.product_eval!
  const lines: string[] = []
  for (let i = 1; i <= total; i++) {
    if (!mols.ready) await mols.recover()
    const [answer, target] = list[i % list.length]!
    await judge('product_eval', answer, target, { oracles: noOracles }, { mols, data })
    if (i % 20_000 === 0) {
      const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)
      lines.push(`${i}\t${megabytes(process.memoryUsage().rss)} MB resident\t${megabytes(mols.memoryBytes)} MB RDKit`)
    }
  }
  return lines
}

const cases = corpus()
const rounds: { readonly mine: Record<string, Timing>; readonly theirs: Record<string, Timing> | null }[] = []
for (let round = 0; round < Number(options.rounds); round++)
  rounds.push({ mine: await ours(cases), theirs: options.python === undefined ? null : python(cases, options.python) })
const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const compared = options.python !== undefined
console.log(`function\tn\tours/CPU s${compared ? '\tPython/CPU s\tratio\tsame value' : ''}`)
for (const [name, { values }] of Object.entries(rounds[0]!.mine)) {
  const rate = (timing: Timing): number => timing.values.length / timing.seconds
  const mine = middle(rounds.map((each) => rate(each.mine[name]!)))
  const columns = [name, values.length, mine.toFixed(0)]
  const other = rounds[0]!.theirs?.[name]
  if (other !== undefined) {
    const theirs = middle(rounds.map((each) => rate(each.theirs![name]!)))
    const same = other.values.filter((value, i) => value === values[i]).length
    columns.push(theirs.toFixed(0), (mine / theirs).toFixed(2), String(same))
  }
  console.log(columns.join('\t'))
}
for (const line of await memory(cases, Number(options.memory))) console.log(line)
