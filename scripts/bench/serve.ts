/**
 * Load on serve-rewards with the demo reward model, the generator on the same cores: rates rise until one does not hold, the highest that does is
 * kept. Prints a Markdown table.
 *
 *   npm run build && npx tsx scripts/bench/serve.ts [--minutes 10] [--requests N] [--p99 1000] [--stage 10] [--first 4] [--rate R] [--completions 2]
 *
 * Each request is a POST /rewards of one prompt with `completions` completions and a solution, all texts new to the server's store. The loop
 * is open: requests leave at their time whatever the server does, and a latency counts from that time, so that a server that stalls cannot
 * hide it (no coordinated omission). That is why this is not autocannon, whose connections each wait for their answer before the next
 * request. A rate holds where every answer is 200, p99 stays below --p99 milliseconds and no more requests are open in the last third of
 * the stage than in the first, with room for chance. --requests N keeps the rate for N requests instead of minutes; --rate skips the search.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { packagePath } from '../../src/package.ts'
import { quantile } from '../../src/stats/quantile.ts'

const { values: flags } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    requests: { type: 'string' },
    p99: { type: 'string', default: '1000' },
    stage: { type: 'string', default: '10' },
    first: { type: 'string', default: '4' },
    rate: { type: 'string' },
    completions: { type: 'string', default: '2' },
  },
})
const P99_MS = Number(flags.p99)
const STAGE_S = Number(flags.stage)
const COMPLETIONS = Number(flags.completions)

interface Pair {
  readonly prompt: readonly { readonly role: string; readonly content: string }[]
  readonly chosen: string
  readonly rejected: string
  readonly solution: string
}
const pairs = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Pair)
let sent = 0
function nextBody(): string {
  const n = sent++
  const { prompt, chosen, rejected, solution } = pairs[n % pairs.length]!
  const [{ role, content }] = prompt as [Pair['prompt'][number]]
  const completions = Array.from({ length: COMPLETIONS }, (_, i) => (i % 2 === 0 ? chosen : rejected))
  return JSON.stringify({ prompt: [{ role, content: `${content} (${n})` }], completions, solution })
}

const store = mkdtempSync(join(tmpdir(), 'chemherm-bench-serve-'))
const server = spawn(
  process.execPath,
  [
    packagePath('dist/scripts/serve-rewards.js'),
    ...['--port', '0', '--device', 'cpu', '--quiet', '--store', store],
    ...['--model', packagePath('src/embedded/demo/demo-reward-model')],
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const [url] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]
const agent = new Agent({ keepAlive: true })

function ask(body: string): Promise<number> {
  return new Promise((resolve) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
    const sending = request(`${url}/rewards`, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode ?? 0))
    })
    sending.once('error', () => resolve(0))
    sending.end(body)
  })
}
/** Resident memory of the server, in MB. */
async function rss(): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 1e6
}

interface Stage {
  readonly rate: number
  readonly seconds: number
  /** Milliseconds, sorted. */
  readonly latencies: Float64Array
  readonly failed: number
  /** Requests under way in the first and in the last third, on average. */
  readonly open: readonly [number, number]
  readonly rss: readonly number[]
}
async function stage(rate: number, requests: number): Promise<Stage> {
  const latencies = new Float64Array(requests)
  const under: number[] = []
  const memory = [await rss()]
  const half = Math.floor(requests / 2)
  let [failed, open] = [0, 0]
  const answers: Promise<void>[] = []
  const began = performance.now()
  for (let i = 0; i < requests; i++) {
    const due = began + (i * 1000) / rate
    const early = due - performance.now()
    if (early > 0) await delay(early)
    open++
    under.push(open)
    if (i === half) void rss().then((mb) => memory.push(mb))
    answers.push(
      ask(nextBody()).then((status) => {
        open--
        if (status !== 200) failed++
        latencies[i] = performance.now() - due
      }),
    )
    // a rate that is far too high need not be waited out
    if (open > 900) break
  }
  await Promise.all(answers)
  const seconds = (performance.now() - began) / 1000
  memory.push(await rss())
  const third = Math.max(1, Math.floor(under.length / 3))
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  return {
    rate,
    seconds,
    latencies: latencies.slice(0, answers.length).sort(),
    failed,
    open: [mean(under.slice(0, third)), mean(under.slice(-third))],
    rss: memory,
  }
}
const p = ({ latencies }: Stage, q: number): number => quantile(latencies, q)!
const holds = (one: Stage): boolean => one.failed === 0 && p(one, 0.99) < P99_MS && one.open[1] <= one.open[0] * 1.5 + 4

const HEAD =
  '| requests/s asked | holds | seconds | answered | requests/s | completions/s | p50 ms | p99 ms | longest ms | open first → last third | RSS MB start, middle, end | errors |'
function line(one: Stage): string {
  const n = one.latencies.length
  const cells = [
    one.rate.toFixed(1),
    holds(one) ? 'yes' : 'no',
    one.seconds.toFixed(0),
    n - one.failed,
    (n / one.seconds).toFixed(1),
    ((n * COMPLETIONS) / one.seconds).toFixed(1),
    ...[0.5, 0.99, 1].map((q) => p(one, q).toFixed(0)),
    one.open.map((value) => value.toFixed(1)).join(' → '),
    one.rss.map((mb) => mb.toFixed(0)).join(', '),
    one.failed,
  ]
  return `| ${cells.join(' | ')} |`
}

const load = (): string => loadavg()[0]!.toFixed(1)
console.log(`${cpus().length} × ${cpus()[0]!.model}, Node ${process.version}; load before: ${load()}\n`)
console.log(`${HEAD}\n${HEAD.replace(/[^|]+/g, ' --- ')}`)
const show = async (rate: number, requests: number): Promise<Stage> => {
  const one = await stage(rate, Math.ceil(requests))
  console.log(line(one))
  return one
}
try {
  await stage(2, 10) // caches fill
  let best = flags.rate === undefined ? 0 : Number(flags.rate)
  if (best === 0) {
    let worst: number | null = null
    for (
      let rate = Number(flags.first);
      worst === null || worst / best > 1.15;
      rate = worst === null ? best * 2 : (best + worst) / 2
    ) {
      if (holds(await show(rate, rate * STAGE_S))) best = rate
      else worst = rate
      if (best === 0 && worst! < 0.5) throw new Error('no rate holds')
      if (best === 0) {
        best = worst! / 4
        worst = null
      }
    }
  }
  // a rate that holds for seconds may not for minutes: a tenth below it, then less
  for (let rate = best * 0.9, kept = false; !kept; rate *= 0.85)
    kept = holds(
      await show(rate, flags.requests === undefined ? rate * 60 * Number(flags.minutes) : Number(flags.requests)),
    )
  console.log(`\nload after: ${load()}`)
} finally {
  server.kill('SIGTERM')
  const [code] = (await once(server, 'close')) as [number | null]
  console.log(`the server stopped with ${code}`)
  rmSync(store, { recursive: true, force: true })
}
