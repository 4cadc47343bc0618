/**
 * Scoring speed on a seeded random model: padded batches in data order, sorted by length, and shared prefixes.
 *
 *   npx tsx scripts/bench/score.ts [--shape tiny|135m|0.5b|1.5b|8b] [--head score|logProb] [--pairs 24] [--rounds 3] [--completions 2] [--system 0]
 *     [--device cpu|cuda|webgpu] [--attention split,gqa,attention,prompts,plain] [--dtype auto|fp32|fp16|bf16] [--stored f32|bf16]
 *     [--batch-tokens 1024,2048] [--blocks 64,96,128] [--only name,name] [--peer PYTHON]
 *     [--threads 2] [--json FILE]
 *
 * --system: so many tokens that every prompt begins with. "each batch by itself" computes what it shares with the batch before anew.
 *
 * All ways run interleaved on the same sequences; ratios are of CPU time (wall time on a GPU), median and range over the
 * rounds. The model is written once to the temporary folder.
 *
 * With --peer, transformers under that Python (the pins stand in peer-torch.py) takes the place of our own padded graph: on the
 * same weights and token ids, in a process of its own whose rounds stand between ours; then with --head logProb every
 * sequence is run twice on both sides, as the policy and the reference of DPO are. On a machine that others use too, --threads 1 is
 * fairer: threads that wait for each other burn CPU time, on either side. --json writes what every round of every way took.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import * as ort from 'onnxruntime-node'
import type { AttentionForm } from '../../src/model/attention-forms.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import type { DtypeChoice } from '../../src/model/dtype.ts'
import { Graph } from '../../src/model/graph.ts'
import { encodeModel } from '../../src/model/onnx.ts'
import { openModel } from '../../src/model/open.ts'
import type { Device } from '../../src/model/providers.ts'
import { startSession } from '../../src/model/session.ts'
import { below, type Prng, prng } from '../../src/prng.ts'
import type { Halved } from '../../src/score/fitting.ts'
import { byItself } from '../../src/score/halve.ts'
import { measure } from '../../src/score/measure.ts'
import { type PlanOptions, planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Batch, Runner, Sequence } from '../../src/types.ts'
import { type Products, productsOf } from './flops.ts'
import { openPeer, type Peer } from './peer-process.ts'
import { SHAPES, seededModel } from './seeded-model.ts'

const { values: flags } = parseArgs({
  options: {
    shape: { type: 'string', default: '135m' },
    head: { type: 'string', default: 'score' },
    pairs: { type: 'string', default: '24' },
    rounds: { type: 'string', default: '3' },
    completions: { type: 'string', default: '2' },
    system: { type: 'string', default: '0' },
    device: { type: 'string', default: 'cpu' },
    dtype: { type: 'string', default: 'auto' },
    stored: { type: 'string', default: 'f32' },
    attention: { type: 'string' },
    'batch-tokens': { type: 'string' },
    blocks: { type: 'string' },
    only: { type: 'string' },
    peer: { type: 'string' },
    threads: { type: 'string' },
    json: { type: 'string' },
  },
})
const head = flags.head as 'score' | 'logProb'
const device = flags.device as Device
const threads = flags.threads === undefined ? availableParallelism() : Number(flags.threads)

/** Prompts of 60–250 tokens, completions of 40–400, log-uniform: the mix of RewardBench's chat and reasoning sets. */
function pairsOf(random: Prng, pairs: number, completions: number, vocab: number): Sequence[] {
  const ids = (n: number): number[] => Array.from({ length: n }, () => 1 + below(random, vocab - 1))
  const system = ids(Number(flags.system))
  return Array.from({ length: pairs }, (_, group) => {
    const prompt = [...system, ...ids(60 + below(random, 191))]
    return Array.from({ length: completions }, (): Sequence => {
      const all = Int32Array.from([...prompt, ...ids(Math.round(40 * 10 ** random()))])
      return {
        ids: all,
        typeIds: null,
        positionStart: 0,
        reads: Int32Array.of(head === 'score' ? all.length - 1 : prompt.length),
        group,
      }
    })
  }).flat()
}

/**
 * RewardBench's way: batches of 8 rows in data order; for a reward model chosen and rejected apart, for DPO both in one batch of
 * 16 (its concatenated_forward).
 */
function dataOrder(sequences: readonly Sequence[], completions: number): Batch[] {
  if (head === 'logProb')
    return Array.from({ length: Math.ceil(sequences.length / (8 * completions)) }, (_, b): Batch => {
      const from = 8 * completions * b
      const rows = sequences.slice(from, from + 8 * completions)
      const longest = Math.max(...rows.map(({ ids }) => ids.length))
      return { layout: 'padded', sequences: rows.map((_, i) => from + i), prefix: 0, tokens: rows.length * longest }
    })
  const columns = Array.from({ length: completions }, (_, c) =>
    sequences.map((_, i) => i).filter((i) => i % completions === c),
  )
  return columns.flatMap((column) =>
    Array.from({ length: Math.ceil(column.length / 8) }, (_, b): Batch => {
      const chosen = column.slice(8 * b, 8 * b + 8)
      const longest = Math.max(...chosen.map((i) => sequences[i]!.ids.length))
      return { layout: 'padded', sequences: chosen, prefix: 0, tokens: chosen.length * longest }
    }),
  )
}

interface Peak {
  wall: number
  cpu: number
}
/**
 * Measures the largest float32 matrix product rate here, GFLOP/s by wall and by CPU time: Gemm 1024 × 576 × 1536 and back. Called before and after each
 * round, as the rate of a processor moves; the largest of all calls stands.
 */
async function openPeak(): Promise<{ measure: () => Promise<Peak>; release: () => Promise<void> }> {
  const graph = new Graph('peak')
  const [m, k, n] = [1024, 576, 1536]
  const x = graph.input('x', 'float', [m, k])
  const inline = (name: string, rows: number, columns: number) =>
    graph.inline(name, [rows, columns], new Float32Array(rows * columns).fill(0.01))
  const wide = graph.op('Gemm', [x, inline('a', n, k)], { transB: 1 })
  graph.output('y', 'float', [m, k], graph.op('Gemm', [wide, inline('b', k, n)], { transB: 1 }))
  const session = await ort.InferenceSession.create(encodeModel(graph.model(), String), { intraOpNumThreads: threads })
  const feeds = { x: new ort.Tensor('float32', new Float32Array(m * k).fill(0.5), [m, k]) }
  const turns = 12
  const flops = (turns * 4 * m * k * n) / 1e9
  let best: Peak = { wall: 0, cpu: 0 }
  return {
    async measure() {
      for (let round = 0; round < 5; round++) {
        const { wall, cpu } = await timed(async () => {
          for (let i = 0; i < turns; i++) await session.run(feeds)
        })
        best = { wall: Math.max(best.wall, flops / wall), cpu: Math.max(best.cpu, flops / cpu) }
      }
      return best
    },
    release: () => session.release(),
  }
}

async function timed(work: () => Promise<void>): Promise<{ wall: number; cpu: number }> {
  const before = process.cpuUsage()
  const start = performance.now()
  await work()
  const wall = (performance.now() - start) / 1e3
  const { user, system } = process.cpuUsage(before)
  return { wall, cpu: (user + system) / 1e6 }
}

/** Peak resident memory of this process so far, MB. */
const peakMb = (): number => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024
  } catch {
    return process.resourceUsage().maxRSS / 1024
  }
}

/** What one way made of some sequences; `tokens` with padding. */
interface Scored {
  readonly scores: readonly number[]
  readonly cpu: number
  readonly wall: number
  readonly tokens: number
  readonly products: Products
}
interface Way {
  readonly name: string
  readonly score: (sequences: readonly Sequence[]) => Promise<Scored>
}
type Plan = (sequences: readonly Sequence[]) => Batch[]

const shape = SHAPES[flags.shape]!
const dir = seededModel(flags.shape, head, flags.stored as 'f32' | 'bf16')
const checkpoint = openCheckpoint(dir)
const numbers = (text: string | undefined, fallback: number): number[] => text?.split(',').map(Number) ?? [fallback]
const runners: Runner[] = []
interface Opened {
  readonly runner: Runner
  readonly plan: PlanOptions
}
async function open(attention: AttentionForm, blockTokens?: number): Promise<Opened> {
  const dtype = flags.dtype as DtypeChoice
  const blocks = { ...(blockTokens !== undefined && { blockTokens }), ...(flags.threads !== undefined && { threads }) }
  const kind = head === 'score' ? 'head' : 'logProb'
  const model = openModel(checkpoint, { kind, device, dtype, attention })
  const runner = await startSession(model, blocks)
  runners.push(runner)
  return { runner, plan: planOptionsFor(model.batching) }
}

const completions = Number(flags.completions)
/** Policy and reference where a peer is measured as DPO; else one model. */
const passes = flags.peer !== undefined && head === 'logProb' ? 2 : 1
/** What all passes compute. */
function computed(batches: readonly Batch[], sequences: readonly Sequence[]): Pick<Scored, 'tokens' | 'products'> {
  const { layers, attention, logits } = productsOf(shape, head, batches, sequences)
  return {
    tokens: passes * batches.reduce((sum, { tokens }) => sum + tokens, 0),
    products: { layers: passes * layers, attention: passes * attention, logits: passes * logits },
  }
}

/** A batch that no memory holds. */
const sayHalved = ({ tokens, most, message }: Halved): void =>
  console.log(`memory ran out on ${tokens} tokens, at most ${most} from here on: ${message}`)

const ourWay = (name: string, runner: Runner, plan: Plan): Way => ({
  name,
  async score(sequences) {
    const scores: number[] = []
    let batches: Batch[] = []
    const spent = await timed(async () => {
      for (let pass = 0; pass < passes; pass++) {
        batches = plan(sequences)
        for await (const { results } of measure(runner, batches, sequences, sayHalved))
          for (const { index, measurement } of results)
            scores[index] = measurement?.kind === 'head' ? measurement.values[0]! : (measurement?.sum ?? Number.NaN)
      }
    })
    return { scores, ...computed(batches, sequences), ...spent }
  },
})
let peerPeakMb = 0
const peerWay = (name: string, peer: Peer, plan: Plan): Way => ({
  name,
  async score(sequences) {
    const batches = plan(sequences)
    const answer = await peer.score(
      batches.map((batch) => batch.sequences),
      sequences,
      passes,
    )
    peerPeakMb = answer.peakMb
    return { ...answer, ...computed(batches, sequences) }
  },
})

const rounds = Number(flags.rounds)
const pairs = Math.ceil(Number(flags.pairs) / rounds)
const roundOf = (round: number): Sequence[] => pairsOf(prng(10 + round), pairs, completions, shape.vocab)

const before = peakMb()
const forms = (flags.attention?.split(',') ?? [device === 'cpu' ? 'split' : 'attention']) as AttentionForm[]
const first = await open(forms[0]!, numbers(flags.blocks, 0)[0] || undefined)
const { runner: main, plan: defaults } = first
const { packed } = defaults
const ways: Way[] = []
for (const form of forms)
  for (const blockTokens of flags.blocks ? numbers(flags.blocks, 0) : [undefined]) {
    const { runner, plan } = ways.length === 0 && form === forms[0] ? first : await open(form, blockTokens)
    for (const batchTokens of numbers(flags['batch-tokens'], plan.batchTokens)) {
      const layout = plan.layout === 'shared' ? 'shared' : 'by length'
      const name = `${flags.peer ? 'chemherm, ' : ''}${form} ${layout} ${batchTokens}${blockTokens ? ` blocks ${blockTokens}` : ''}`
      ways.push(ourWay(name, runner, (sequences) => planBatches(sequences, { ...plan, batchTokens })))
    }
  }
// the first round once before anything else is opened: the peak is then ours alone
await ways[0]?.score(roundOf(0))
const afterOurs = peakMb()

const sorted: PlanOptions = {
  layout: 'padded',
  packed: false,
  batchTokens: device === 'cpu' ? 2048 : defaults.batchTokens,
  batchSize: 256,
}
const inDataOrder: Plan = (sequences) => dataOrder(sequences, completions)
const byLength: Plan = (sequences) => planBatches(sequences, sorted)
const TORCH: Readonly<Record<string, string>> = { fp16: 'float16', bf16: 'bfloat16' }
process.env.PEER_DEVICE = device
process.env.PEER_DTYPE = TORCH[main.info.dtype] ?? 'float32'
const peer = flags.peer === undefined ? null : await openPeer(flags.peer, dir, head, threads)
async function paddedWays(): Promise<Way[]> {
  if (peer !== null)
    return [
      peerWay('torch, as RewardBench', peer, inDataOrder),
      peerWay(`torch, sorted ${sorted.batchTokens}`, peer, byLength),
    ]
  const { runner: padded } = await open('gqa')
  return [
    ourWay('gqa padded, data order, 8', padded, inDataOrder),
    ourWay(`gqa padded, sorted ${sorted.batchTokens}`, padded, byLength),
    ...(packed
      ? [
          ourWay('split unshared', main, (all) => planBatches(all, { ...defaults, layout: 'padded' })),
          ourWay('split, each batch by itself', main, (all) => planBatches(all, defaults).map(byItself)),
        ]
      : []),
  ]
}
const every = [...(await paddedWays()), ...ways]
const naive = every[0]!
const all = every.filter(
  (way) => way === naive || !flags.only || flags.only.split(',').some((part) => way.name.includes(part)),
)

const products = device === 'cpu' ? await openPeak() : null
await products?.measure()
const warm = pairsOf(prng(3), 2, completions, shape.vocab)
for (const way of all) await way.score(warm)
const scored = new Map<Way, Scored[]>(all.map((way) => [way, []]))
const worst = new Map<Way, number>()
for (let round = 0; round < rounds; round++) {
  const sequences = roundOf(round)
  for (const way of all) {
    const outcome = await way.score(sequences)
    scored.get(way)!.push(outcome)
    const { scores: reference } = scored.get(naive)![round]!
    const difference = Math.max(...outcome.scores.map((value, i) => Math.abs(value - reference[i]!)))
    worst.set(way, Math.max(worst.get(way) ?? 0, difference))
  }
  await products?.measure()
}
const peak = (await products?.measure()) ?? null
await products?.release()

const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!
const range = (xs: readonly number[]): string =>
  `${median(xs).toFixed(2)} [${Math.min(...xs).toFixed(2)}..${Math.max(...xs).toFixed(2)}]`
const clock = device === 'cpu' ? 'cpu' : 'wall'
console.log(
  `${flags.shape} ${head}, ${pairs * rounds} pairs of ${completions}, ${rounds} rounds, ${device} ${main.info.dtype}`,
)
if (peak) console.log(`matmul peak ${peak.wall.toFixed(0)} GFLOP/s wall, ${peak.cpu.toFixed(0)} per CPU second`)
console.log(
  `weights ${(main.info.weightBytes / 1e6).toFixed(0)} MB; peak memory ${before.toFixed(0)} MB before, ${afterOurs.toFixed(0)} MB after opening ours and its first round; open ${main.info.openMs.toFixed(0)} ms`,
)
if (peer !== null) {
  const products = peer.matmulPeak === null ? '' : `; matmul peak ${peer.matmulPeak.toFixed(0)} GFLOP/s per CPU second`
  console.log(
    `${peer.what}${passes === 2 ? ', policy and reference' : ''}; peak memory ${peerPeakMb.toFixed(0)} MB${products}`,
  )
}
const ratios = (way: Way, base: Way): number[] =>
  scored.get(way)!.map((outcome, i) => scored.get(base)![i]![clock] / outcome[clock])
const bases = peer === null ? [naive] : all.filter((way) => !ways.includes(way))
console.table(
  Object.fromEntries(
    all.map((way) => {
      const outcomes = scored.get(way)!
      const sum = (of: (outcome: Scored) => number): number => outcomes.reduce((total, one) => total + of(one), 0)
      const perSecond = (of: (made: Products) => number): number =>
        sum((outcome) => of(outcome.products)) / 1e9 / sum((outcome) => outcome[clock])
      const linear = perSecond(({ layers, logits }) => layers + logits)
      const every = perSecond(({ layers, attention, logits }) => layers + attention + logits)
      const ofPeak = (rate: number): string => (peak ? `${((100 * rate) / peak.cpu).toFixed(0)} %` : '')
      return [
        way.name,
        {
          'pairs/s': median(outcomes.map(({ wall }) => pairs / wall)).toFixed(2),
          ...Object.fromEntries(
            bases.map((base) => [
              bases.length === 1 ? `speed (${clock})` : `speed (${clock}), ${base.name} = 1`,
              range(ratios(way, base)),
            ]),
          ),
          tokens: sum(({ tokens }) => tokens),
          'tokens/s': (sum(({ tokens }) => tokens) / sum(({ wall }) => wall)).toFixed(0),
          'linear GFLOP/s': linear.toFixed(0),
          'of peak': ofPeak(linear),
          'with attention': ofPeak(every),
          'max difference': worst.get(way)!.toExponential(1),
        },
      ]
    }),
  ),
)
if (flags.json !== undefined)
  writeFileSync(
    flags.json,
    `${JSON.stringify({
      flags,
      dtype: main.info.dtype,
      threads,
      pairsPerRound: pairs,
      peer: peer?.what ?? null,
      peerMatmulPeak: peer?.matmulPeak ?? null,
      matmulPeak: peak,
      weightBytes: main.info.weightBytes,
      peakMb: { before, ours: afterOurs, peer: peer === null ? null : peerPeakMb },
      ways: all.map((way) => ({
        name: way.name,
        ours: ways.includes(way),
        worstDifference: worst.get(way),
        rounds: scored.get(way)!.map(({ cpu, wall, tokens, products }) => ({ cpu, wall, tokens, products })),
      })),
    })}\n`,
  )
peer?.close()
await Promise.all(runners.map((runner) => runner.release()))
