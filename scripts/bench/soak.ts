/**
 * A long run as users start it: `run-rm` (the built bin, its defaults) over many pairs with the embedded model. While it goes, the memory of
 * the process and the size of its store are read; at the end a table says what each tenth of the measuring took, and the largest of each stage.
 *
 *   npx tsx scripts/bench/soak.ts [--pairs 100000] [--folder DIR] [--seconds 10] [--run '--no-verify']     (Linux: reads /proc)
 *
 * Prompts and completions are the demo's, a number behind each prompt, so that every text is measured. What is in the folder is gone on with.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { packagePath } from '../../src/package.ts'
import { textTable } from '../../src/report/table.ts'
import { writeDemoRows } from './demo-rows.ts'

const { values: flags } = parseArgs({
  options: {
    pairs: { type: 'string', default: '100000' },
    folder: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    /** More flags of run-rm, in one word. */
    run: { type: 'string', default: '' },
  },
})
const pairs = Number(flags.pairs)
const folder = flags.folder ?? mkdtempSync(join(tmpdir(), 'soak-'))
const [data, results] = [join(folder, 'soak.jsonl'), join(folder, 'results')]

interface Sample {
  /** Of wall clock and of processor time of all threads, since the start. */
  readonly seconds: number
  readonly cpu: number
  readonly rssMb: number
  readonly storeBytes: number
  /** The last line that the run said. */
  readonly said: string
}

/** Fields of /proc/<pid>: resident MB, and processor seconds (ticks of a hundredth). */
function usage(pid: number): { readonly rssMb: number; readonly cpu: number } | null {
  try {
    const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ')
    return kb === null ? null : { rssMb: Number(kb[1]) / 1024, cpu: (Number(fields[11]) + Number(fields[12])) / 100 }
  } catch {
    return null
  }
}

function storeBytes(): number {
  if (!existsSync(results)) return 0
  const stores = readdirSync(results, { recursive: true, encoding: 'utf8' }).filter((n) =>
    n.endsWith('measurements.jsonl'),
  )
  return stores.reduce((sum, name) => sum + statSync(join(results, name)).size, 0)
}

mkdirSync(folder, { recursive: true })
if (!existsSync(data)) await writeDemoRows(data, pairs)
const args = ['--dataset', data, '--output-dir', results, '--device', 'cpu', ...flags.run.split(' ').filter(Boolean)]
const child = spawn(process.execPath, [packagePath('dist/scripts/run-rm.js'), ...args], {
  stdio: ['ignore', 'pipe', 'pipe'],
})
const log = createWriteStream(join(folder, 'samples.jsonl'))
const samples: Sample[] = []
let said = ''
let printed = ''
child.stdout.on('data', (chunk: Buffer) => {
  printed += chunk.toString()
})
child.stderr.on('data', (chunk: Buffer) => {
  process.stderr.write(chunk)
  said = chunk.toString().trimEnd().split('\n').at(-1) ?? said
})
const began = performance.now()
const timer = setInterval(() => {
  const used = usage(child.pid!)
  if (used === null) return
  const sample = { seconds: (performance.now() - began) / 1000, ...used, storeBytes: storeBytes(), said }
  samples.push(sample)
  log.write(`${JSON.stringify(sample)}\n`)
}, Number(flags.seconds) * 1000)
const [code] = (await once(child, 'close')) as [number | null]
clearInterval(timer)
log.end()
process.stdout.write(`${printed}\nexit ${code} after ${((performance.now() - began) / 1000).toFixed(0)} s\n\n`)

const end = samples.at(-1)?.storeBytes ?? 0
const first = samples.findIndex((s) => s.storeBytes > 0)
const full = samples.findIndex((s) => s.storeBytes === end)
const part = (name: string, from: number, to: number): string[] => {
  const span = samples.slice(from, to + 1)
  const [a, b] = [span[0]!, span.at(-1)!]
  const rss = span.map((s) => s.rssMb)
  const cpu = b.cpu - a.cpu
  const kb = (b.storeBytes - a.storeBytes) / 1000
  return [
    name,
    cpu.toFixed(0),
    (b.seconds - a.seconds).toFixed(0),
    Math.min(...rss).toFixed(0),
    Math.max(...rss).toFixed(0),
    kb === 0 ? '–' : (kb / cpu).toFixed(2),
  ]
}
const tenth = (i: number): number => samples.findIndex((s, at) => at >= first && s.storeBytes >= (end * i) / 10)
const rows =
  first < 0 || samples.length < 20
    ? []
    : Array.from({ length: 10 }, (_, i) => part(`tenth ${i + 1}`, tenth(i), tenth(i + 1)))
process.stdout.write(
  `${textTable(
    ['measuring', 'CPU s', 's', 'MB from', 'MB to', 'store kB per CPU s'],
    [
      ...(first > 0 ? [part('before', 0, first)] : []),
      ...rows,
      part('after: verdicts, files, analyses, report', full, samples.length - 1),
    ],
  )}\n`,
)
process.exitCode = code ?? 1
