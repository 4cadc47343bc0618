/**
 * Memory of the verification pool over N distinct completions, all reward functions in turn: every tenth of them the process's resident
 * size, the main thread's heap, and of each worker heap (used / reserved), external memory and RDKit's WebAssembly memory, in MB.
 *
 *   npm run build && npx tsx scripts/bench/memory.ts [--count 100000] [--workers 1]
 *
 * Every answer is a text that was not seen before: an edited drug behind a chain of its own, in a completion of 500 characters.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { BroadcastChannel } from 'node:worker_threads'
import { gunzipSync } from 'node:zlib'
import type { ChemJob, ChemResult } from '../../src/chem/workers/jobs.ts'
import { WorkerPool } from '../../src/chem/workers/pool.ts'
import { packagePath } from '../../src/package.ts'

const { values: flags } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, workers: { type: 'string', default: '1' } },
})
const COUNT = Number(flags.count)

interface Row {
  readonly smiles: string
  readonly valid: boolean
  readonly formula: { readonly value?: string }
}
const rows = gunzipSync(readFileSync(packagePath('test/data/chem/fuzz.jsonl.gz')))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Row)
  .filter(({ smiles, valid }) => valid && /^[A-Za-z0-9()[\]@+\-=#/\\]{15,110}$/.test(smiles))
const row = (n: number): Row => rows[n % rows.length]!
const LINKS = ['C', 'N', 'O', 'CC', 'C(C)', 'C(=O)', 'NC', 'S', 'C(F)', 'OC', 'C1CC(CC1)', 'c1ccc(cc1)']
function fresh(n: number): string {
  let chain = ''
  for (let left = n; left > 0; left = Math.floor(left / LINKS.length)) chain += LINKS[left % LINKS.length]
  return chain + row(n).smiles
}
const KINDS: Readonly<Record<string, (n: number) => readonly [answer: string, target: string]>> = {
  valid_mol_eval: (n) => [fresh(n).slice(5), fresh(n).slice(0, 5)],
  formula_eval: (n) => [fresh(n), fresh(n)],
  functional_group_eval: (n) => [fresh(n), `('${row(n).formula.value}', ['aromatic'])`],
  product_eval: (n) => [fresh(n), row(n).smiles],
  caption_eval: (n) => [fresh(n), fresh(n)],
  should_answer_eval: (n) => [fresh(n), ''],
  should_not_answer_eval: (n) => [fresh(n), ''],
  rxn_forward: (n) => [`${fresh(n)}.${row(7 * n).smiles}>>${row(3 * n).smiles}`, row(3 * n).smiles],
  sol_eval: (n) => [fresh(n), `("scaffold", "${row(n).smiles}", -3.8447, "increase")`],
  rxn_eval: (n) => [`Buchwald-Hartwig amination ${n}`, 'Buchwald–Hartwig amination'],
  str_eval: (n) => [`(${n}R)-methyl 2-(ethylcarbamoyl)pyridine`, '2-methylpyridine'],
}
const names = Object.keys(KINDS)
function job(i: number): ChemJob {
  const name = names[i % names.length]!
  const [answer, target] = KINDS[name]!(Math.floor(i / names.length))
  const thought = 'I look at the rings. '.repeat(20)
  const completion = `<|think_start|>${thought}${i}<|think_end|><|answer_start|>${answer}<|answer_end|>`
  return { kind: 'verify', completion, solution: `${name}!:!${target}!:!bench` }
}

interface Told {
  readonly threadId: number
  readonly heapUsed: number
  readonly heapTotal: number
  readonly external: number
  readonly rdkit: number
}
const pool = new WorkerPool<ChemJob, ChemResult>({
  url: new URL('./memory-worker.mjs', import.meta.url),
  options: { oracles: {}, data: {} },
  workers: Number(flags.workers),
  queue: 256,
  timeoutMs: 20_000,
})
const [asked, told] = [new BroadcastChannel('memory?'), new BroadcastChannel('memory')]
let answers: Told[] = []
told.onmessage = ({ data }: { readonly data: unknown }) => answers.push(data as Told)
const mb = (bytes: number): string => (bytes / 1e6).toFixed(0)
async function report(done: number): Promise<void> {
  answers = []
  asked.postMessage(null)
  await delay(500)
  const workers = answers
    .sort((a, b) => a.threadId - b.threadId)
    .map(
      ({ heapUsed, heapTotal, external, rdkit }) =>
        `${mb(heapUsed)} / ${mb(heapTotal)} | ${mb(external)} | ${mb(rdkit)}`,
    )
  const { rss, heapUsed } = process.memoryUsage()
  console.log(`| ${[done, mb(rss), mb(heapUsed), ...workers].join(' | ')} |`)
}

const ends = new Map<string, number>()
const count = (end: string): void => void ends.set(end, (ends.get(end) ?? 0) + 1)
console.log('| completions | resident | main heap | worker heap | external | RDKit |')
console.log('| ---: | ---: | ---: | ---: | ---: | ---: |')
const tenth = Math.ceil(COUNT / 10)
for (let done = 0; done < COUNT; done += tenth) {
  const under: Promise<void>[] = []
  for (let i = done; i < Math.min(COUNT, done + tenth); i++) {
    await pool.room()
    under.push(
      pool
        .run(job(i))
        .then((end) =>
          count(end.kind === 'done' && end.result.kind === 'verify' ? end.result.verification.status : end.kind),
        ),
    )
  }
  await Promise.all(under)
  await report(done + under.length)
}
console.log(Object.fromEntries(ends))
await pool.close()
asked.close()
told.close()
