/**
 * Scoring speed on a seeded random model: padded batches in data order, sorted by length, and shared prefixes.
 *
 *   npx tsx scripts/bench/score.ts [--shape 135m|0.5b|tiny] [--head score|logProb] [--pairs 24] [--rounds 3] [--completions 2]
 *     [--device cpu|cuda|webgpu] [--attention split|gqa|attention|plain] [--dtype auto|fp32|fp16|bf16] [--stored f32|bf16]
 *     [--batch-tokens 1024,2048] [--blocks 64,96,128] [--only name,name]
 *
 * All ways run interleaved in one process, on the same sequences; ratios are of CPU time (wall time on a GPU), median
 * and range over the rounds. The model is written once to the temporary folder.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as ort from 'onnxruntime-node'
import type { AttentionForm } from '../../src/model/attention.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { Graph } from '../../src/model/graph.ts'
import { encodeModel } from '../../src/model/onnx.ts'
import { type Device, type DtypeChoice, openRunner } from '../../src/model/session.ts'
import { below, type Prng, prng } from '../../src/prng.ts'
import { measure } from '../../src/score/measure.ts'
import { type PlanOptions, planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Batch, Runner, Sequence } from '../../src/types.ts'

const { values: flags } = parseArgs({
  options: {
    shape: { type: 'string', default: '135m' },
    head: { type: 'string', default: 'score' },
    pairs: { type: 'string', default: '24' },
    rounds: { type: 'string', default: '3' },
    completions: { type: 'string', default: '2' },
    device: { type: 'string', default: 'cpu' },
    dtype: { type: 'string', default: 'auto' },
    stored: { type: 'string', default: 'f32' },
    attention: { type: 'string' },
    'batch-tokens': { type: 'string' },
    blocks: { type: 'string' },
    only: { type: 'string' },
  },
})
const head = flags.head as 'score' | 'logProb'
const device = flags.device as Device

interface Shape {
  readonly hidden: number
  readonly inner: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly vocab: number
}
const SHAPES: Readonly<Record<string, Shape>> = {
  tiny: { hidden: 128, inner: 352, layers: 4, heads: 4, kvHeads: 2, vocab: 600 },
  /** SmolLM2-135M */
  '135m': { hidden: 576, inner: 1536, layers: 30, heads: 9, kvHeads: 3, vocab: 49_152 },
  /** Qwen2.5-0.5B without its biases */
  '0.5b': { hidden: 896, inner: 4864, layers: 24, heads: 14, kvHeads: 2, vocab: 151_936 },
}

/** Writes a Llama of this shape with seeded normal weights, tensor by tensor; returns its folder. */
function seededModel(name: string, shape: Shape): string {
  const dir = join(tmpdir(), `chemherm-bench-${name}-${head}-${flags.stored}`)
  if (existsSync(join(dir, 'model.safetensors'))) return dir
  mkdirSync(dir, { recursive: true })
  const { hidden, inner, layers, heads, kvHeads, vocab } = shape
  const headDim = hidden / heads
  const dims: Record<string, number[]> = { 'model.embed_tokens.weight': [vocab, hidden], 'model.norm.weight': [hidden] }
  for (let l = 0; l < layers; l++) {
    const at = `model.layers.${l}.`
    dims[`${at}input_layernorm.weight`] = [hidden]
    dims[`${at}post_attention_layernorm.weight`] = [hidden]
    dims[`${at}self_attn.q_proj.weight`] = [heads * headDim, hidden]
    dims[`${at}self_attn.k_proj.weight`] = [kvHeads * headDim, hidden]
    dims[`${at}self_attn.v_proj.weight`] = [kvHeads * headDim, hidden]
    dims[`${at}self_attn.o_proj.weight`] = [hidden, heads * headDim]
    dims[`${at}mlp.gate_proj.weight`] = [inner, hidden]
    dims[`${at}mlp.up_proj.weight`] = [inner, hidden]
    dims[`${at}mlp.down_proj.weight`] = [hidden, inner]
  }
  if (head === 'score') dims['score.weight'] = [1, hidden]
  const width = flags.stored === 'bf16' ? 2 : 4
  let end = 0
  const header = Object.entries(dims).map(([tensor, shape]) => {
    const begin = end
    end += width * shape.reduce((product, dim) => product * dim, 1)
    return [tensor, { dtype: width === 2 ? 'BF16' : 'F32', shape, data_offsets: [begin, end] }]
  })
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const file = openSync(join(dir, 'partial'), 'w')
  writeSync(file, Buffer.concat([length, text]))
  const random = prng(1)
  for (const shape of Object.values(dims)) {
    const size = shape.reduce((product, dim) => product * dim, 1)
    const scale = shape.length === 1 ? 0 : shape[0] === vocab ? 1 : shape[1]! ** -0.5
    const values = Float32Array.from({ length: size }, () => (scale === 0 ? 1 : 3.4 * (random() - 0.5) * scale))
    const words = new Uint32Array(values.buffer)
    const data = width === 4 ? values : Uint16Array.from(words, (bits) => bits >>> 16)
    writeSync(file, new Uint8Array(data.buffer))
  }
  closeSync(file)
  const config = {
    model_type: 'llama',
    vocab_size: vocab,
    hidden_size: hidden,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    max_position_embeddings: 8192,
    rms_norm_eps: 1e-5,
    rope_theta: 100_000,
    tie_word_embeddings: true,
    ...(head === 'score' && { id2label: { 0: 'reward' } }),
  }
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config))
  renameSync(join(dir, 'partial'), join(dir, 'model.safetensors'))
  return dir
}

/** Prompts of 60–250 tokens, completions of 40–400, log-uniform: the mix of RewardBench's chat and reasoning sets. */
function pairsOf(random: Prng, pairs: number, completions: number, vocab: number): Sequence[] {
  const ids = (n: number): number[] => Array.from({ length: n }, () => 1 + below(random, vocab - 1))
  return Array.from({ length: pairs }, (_, group) => {
    const prompt = ids(60 + below(random, 191))
    return Array.from({ length: completions }, (): Sequence => {
      const all = Int32Array.from([...prompt, ...ids(Math.round(40 * 10 ** random()))])
      return { ids: all, typeIds: null, positionStart: 0, at: head === 'score' ? all.length - 1 : prompt.length, group }
    })
  }).flat()
}

/** HERM's way: batches of 8 in data order, chosen and rejected apart. */
function dataOrder(sequences: readonly Sequence[], completions: number): Batch[] {
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

/** The largest float32 matrix product rate here, GFLOP/s by wall and by CPU time: Gemm 1024 × 576 × 1536 and back. */
async function matmulPeak(): Promise<{ wall: number; cpu: number }> {
  const graph = new Graph('peak')
  const [m, k, n] = [1024, 576, 1536]
  const x = graph.input('x', 'float', [m, k])
  const inline = (name: string, rows: number, columns: number) =>
    graph.inline(name, [rows, columns], new Float32Array(rows * columns).fill(0.01))
  const wide = graph.op('Gemm', [x, inline('a', n, k)], { transB: 1 })
  graph.output('y', 'float', [m, k], graph.op('Gemm', [wide, inline('b', k, n)], { transB: 1 }))
  const session = await ort.InferenceSession.create(encodeModel(graph.model(), String))
  const feeds = { x: new ort.Tensor('float32', new Float32Array(m * k).fill(0.5), [m, k]) }
  const turns = 12
  let best = { wall: 0, cpu: 0 }
  for (let round = 0; round < 5; round++) {
    const { wall, cpu } = await timed(async () => {
      for (let i = 0; i < turns; i++) await session.run(feeds)
    })
    const flops = (turns * 4 * m * k * n) / 1e9
    best = { wall: Math.max(best.wall, flops / wall), cpu: Math.max(best.cpu, flops / cpu) }
  }
  await session.release()
  return best
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

interface Way {
  readonly name: string
  readonly runner: Runner
  readonly plan: (sequences: readonly Sequence[]) => Batch[]
}

const shape = SHAPES[flags.shape]!
const dir = seededModel(flags.shape, shape)
const checkpoint = openCheckpoint(dir)
const numbers = (text: string | undefined, fallback: number): number[] => text?.split(',').map(Number) ?? [fallback]
const open = (attention: AttentionForm, blockTokens?: number): Promise<Runner> =>
  openRunner(checkpoint, {
    head,
    device,
    dtype: flags.dtype as DtypeChoice,
    attention,
    ...(blockTokens !== undefined && { blockTokens }),
  })

const completions = Number(flags.completions)
const before = peakMb()
const defaults = planOptionsFor(device)
const ours = (flags.attention as AttentionForm | undefined) ?? (device === 'cpu' ? 'split' : 'attention')
const packed = ours === 'split'
const main = await open(ours, numbers(flags.blocks, 0)[0] || undefined)
const ways: Way[] = []
if (ours !== 'gqa')
  for (const blockTokens of flags.blocks ? numbers(flags.blocks, 0) : [undefined])
    for (const batchTokens of numbers(flags['batch-tokens'], defaults.batchTokens)) {
      const runner = blockTokens === undefined || ways.length === 0 ? main : await open(ours, blockTokens)
      const options: PlanOptions = { ...defaults, layout: 'shared', packed, batchTokens }
      const name = `${ours} shared ${batchTokens}${blockTokens ? ` blocks ${blockTokens}` : ''}`
      ways.push({ name, runner, plan: (sequences) => planBatches(sequences, options) })
    }
await runAll(ways[0] ?? null, pairsOf(prng(2), 2, completions, shape.vocab))
const afterOne = peakMb()
const padded = await open('gqa')
const naive: Way = { name: 'gqa padded, data order, 8', runner: padded, plan: (all) => dataOrder(all, completions) }
const sorted: PlanOptions = {
  layout: 'padded',
  packed: false,
  batchTokens: device === 'cpu' ? 2048 : defaults.batchTokens,
  batchSize: 256,
}
const all: Way[] = [
  naive,
  {
    name: `gqa padded, sorted ${sorted.batchTokens}`,
    runner: padded,
    plan: (sequences: readonly Sequence[]) => planBatches(sequences, sorted),
  },
  ...(packed
    ? [
        {
          name: 'split unshared',
          runner: main,
          plan: (sequences: readonly Sequence[]) => planBatches(sequences, { ...defaults, layout: 'padded' }),
        },
      ]
    : []),
  ...ways,
].filter(({ name }) => name === naive.name || !flags.only || flags.only.split(',').some((part) => name.includes(part)))

async function runAll(way: Way | null, sequences: readonly Sequence[]): Promise<number[]> {
  const out: number[] = []
  if (way === null) return out
  for await (const { results } of measure(way.runner, way.plan(sequences), sequences))
    for (const { index, measurement } of results)
      out[index] = measurement?.kind === 'head' ? measurement.values[0]! : (measurement?.sum ?? Number.NaN)
  return out
}

const peak = device === 'cpu' ? await matmulPeak() : null
const warm = pairsOf(prng(3), 2, completions, shape.vocab)
for (const way of all) await runAll(way, warm)
const times = new Map<string, { wall: number; cpu: number }[]>(all.map(({ name }) => [name, []]))
const tokens = new Map<string, number>()
const worst = new Map<string, number>()
const rounds = Number(flags.rounds)
const pairs = Math.ceil(Number(flags.pairs) / rounds)
for (let round = 0; round < rounds; round++) {
  const sequences = pairsOf(prng(10 + round), pairs, completions, shape.vocab)
  let reference: number[] = []
  for (const way of all) {
    const out: number[] = []
    const spent = await timed(async () => {
      out.push(...(await runAll(way, sequences)))
    })
    times.get(way.name)!.push(spent)
    if (way === naive) reference = out
    const difference = Math.max(...out.map((value, i) => Math.abs(value - reference[i]!)))
    worst.set(way.name, Math.max(worst.get(way.name) ?? 0, difference))
    const planned = way.plan(sequences).reduce((sum, batch) => sum + batch.tokens, 0)
    tokens.set(way.name, (tokens.get(way.name) ?? 0) + planned)
  }
}

const { hidden, inner, layers, heads, kvHeads } = shape
const perToken = 2 * layers * (2 * hidden * hidden + (2 * hidden * hidden * kvHeads) / heads + 3 * hidden * inner)
const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!
const range = (xs: readonly number[]): string =>
  `${median(xs).toFixed(2)} [${Math.min(...xs).toFixed(2)}..${Math.max(...xs).toFixed(2)}]`
const clock = device === 'cpu' ? 'cpu' : 'wall'
console.log(
  `${flags.shape} ${head}, ${pairs * rounds} pairs of ${completions}, ${rounds} rounds, ${device} ${main.info.dtype}`,
)
if (peak) console.log(`matmul peak ${peak.wall.toFixed(0)} GFLOP/s wall, ${peak.cpu.toFixed(0)} per CPU second`)
console.log(
  `weights ${(main.info.weightBytes / 1e6).toFixed(0)} MB; peak memory ${before.toFixed(0)} MB before, ${afterOne.toFixed(0)} MB after opening and running ours; open ${main.info.openMs.toFixed(0)} ms`,
)
console.table(
  Object.fromEntries(
    all.map(({ name }) => {
      const spent = times.get(name)!
      const total = spent.reduce((sum, { cpu, wall }) => sum + (clock === 'cpu' ? cpu : wall), 0)
      const gflops = (perToken * tokens.get(name)!) / 1e9 / total
      return [
        name,
        {
          'pairs/s': median(spent.map(({ wall }) => pairs / wall)).toFixed(2),
          [`speed (${clock})`]: range(spent.map((t, i) => times.get(naive.name)![i]![clock] / t[clock])),
          tokens: tokens.get(name),
          'tokens/s': (tokens.get(name)! / spent.reduce((sum, { wall }) => sum + wall, 0)).toFixed(0),
          'linear GFLOP/s': gflops.toFixed(0),
          'of peak': peak ? `${((100 * gflops) / peak.cpu).toFixed(0)} %` : '',
          'max difference': worst.get(name)!.toExponential(1),
        },
      ]
    }),
  ),
)
await Promise.all([...new Set([...all.map(({ runner }) => runner), main, padded])].map((runner) => runner.release()))
