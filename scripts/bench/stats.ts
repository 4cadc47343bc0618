/**
 * Speed and memory of the analyses. `npx tsx scripts/bench/stats.ts [pairs=100000] [resamples=2000]`
 * Prints CPU seconds by part and the largest resident size; seeded, so that two runs do the same work.
 */
import { DEFAULT_SETTINGS } from '../../src/agreement/accuracy.ts'
import { columnStatistics } from '../../src/agreement/agreement.ts'
import { pairCalibration } from '../../src/agreement/calibration.ts'
import { allRows, type CompletionColumns, type PairColumns } from '../../src/agreement/columns.ts'
import { completionStatistics } from '../../src/agreement/completions.ts'
import { lengthStatistics } from '../../src/agreement/length.ts'
import { pairStatistics } from '../../src/agreement/pairs.ts'
import { prng } from '../../src/prng.ts'

const n = Number(process.argv[2] ?? 100_000)
const settings = { ...DEFAULT_SETTINGS, resamples: Number(process.argv[3] ?? 2000) }
const random = prng(1)
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
const column = (value: (i: number) => number): Float64Array => Float64Array.from({ length: n }, (_, i) => value(i))
const subsets = Array.from({ length: 12 }, (_, s) => `subset ${s}`)
// Two pairs a prompt, twelve subsets, binary rewards with a tenth of the chosen failing.
const code = Int32Array.from({ length: n }, (_, i) => i >> 1)
const cluster = { code, names: Array.from({ length: (n + 1) >> 1 }, (_, c) => `p${c}`) }
const subset = { code: code.map((c) => c % subsets.length), names: subsets }
const pairs: PairColumns = {
  n,
  subset,
  cluster,
  margin: column(() => normal() + 1),
  chosenReward: column(() => (random() < 0.9 ? 1 : 0)),
  rejectedReward: column(() => (random() < 0.1 ? 1 : 0)),
  chosenChars: column(() => Math.floor(100 + 50 * random())),
  rejectedChars: column(() => Math.floor(100 + 50 * random())),
}
const twice = (of: Int32Array): Int32Array => Int32Array.from({ length: 2 * n }, (_, i) => of[i >> 1]!)
const completions: CompletionColumns = {
  n: 2 * n,
  subset: { code: twice(subset.code), names: subsets },
  cluster: { code: twice(code), names: cluster.names },
  score: Float64Array.from({ length: 2 * n }, (_, i) => normal() + (i % 2 === 0 ? 0.5 : -0.5)),
  reward: Float64Array.from(
    { length: 2 * n },
    (_, i) => (i % 2 === 0 ? pairs.chosenReward : pairs.rejectedReward)[i >> 1]!,
  ),
  length: Float64Array.from(
    { length: 2 * n },
    (_, i) => (i % 2 === 0 ? pairs.chosenChars : pairs.rejectedChars)[i >> 1]!,
  ),
}

let sink = 0
function time(name: string, work: () => readonly { value: number | null }[]): void {
  const before = process.cpuUsage()
  const results = work()
  const { user, system } = process.cpuUsage(before)
  sink += results.reduce((s, r) => s + (r.value ?? 0), 0)
  const peak = process.resourceUsage().maxRSS / 1024
  console.log(
    `${name.padEnd(34)} ${((user + system) / 1e6).toFixed(2).padStart(7)} s CPU ${results.length.toString().padStart(5)} statistics, peak ${peak.toFixed(0)} MiB`,
  )
}
const pairSample = { columns: pairs, rows: allRows(n), scope: 'pairs', subset: 'all', settings }
const completionSample = { ...pairSample, columns: completions, rows: allRows(2 * n), scope: 'completions' }
console.log(`${n.toLocaleString('en-US')} pairs, ${settings.resamples} resamples, Node ${process.version}`)
time('pairs', () => pairStatistics(pairSample))
time('length', () => lengthStatistics(pairSample))
time('calibration', () => pairCalibration(pairSample))
time('completions', () => completionStatistics(completionSample))
time('everything, all and by subset', () => columnStatistics(pairs, completions, settings))
console.log(`(sink ${sink.toFixed(3)})`)
