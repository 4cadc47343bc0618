/**
 * What number formats change: scores of trained weights in fp32 against few bits, other blocks, float16, and torch's bfloat16.
 *
 *   npx tsx scripts/bench/drift.ts --model DIR [--bin run-dpo|run-rm] [--dataset FILE] [--rows 48] [--threads N]
 *     [--ways fp16,q8,q4,8:64:s,4:32:z,8i:32:s,DIR …] [--torch PYTHON]
 *
 * A way is a --dtype; or bits:block:s (symmetric) or bits:block:z (zero points), with the bits of the logits behind; with i behind the bits activations are rounded to 8 bits,
 * too (accuracy_level 4 of MatMulNBits), which no --dtype does; or the folder of another checkpoint, for instance the same weights stored in
 * bfloat16. With --torch, transformers under that Python computes the same ids in float32 and bfloat16 (drift-torch.py). Rows are taken
 * evenly from the data. run-dpo scores Σ log-probs of the model alone, run-rm its first label. smollm2.py writes a DIR.
 */
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { resolveDevice } from '../../src/model/device.ts'
import type { ModelRecord } from '../../src/model/onnx.ts'
import { type OpenModel, openModelIn } from '../../src/model/open.ts'
import type { Scheme } from '../../src/model/quantised/scheme.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { isFailure } from '../../src/pairs/failure.ts'
import { measure } from '../../src/score/measure.ts'
import { planBatches, planOptionsFor } from '../../src/score/plan.ts'
import type { Prepared } from '../../src/score/subject.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import { openDataset, rowsOf } from '../../src/setup/dataset.ts'
import { loadModels } from '../../src/setup/models.ts'
import { subjectOf } from '../../src/setup/subject.ts'
import { quantile } from '../../src/stats/quantile.ts'
import type { Dtype, Row, Sequence } from '../../src/types.ts'
import { isUnscored } from '../../src/unscored.ts'

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string' },
    bin: { type: 'string', default: 'run-dpo' },
    dataset: { type: 'string', default: 'demo-pairs' },
    rows: { type: 'string', default: '48' },
    threads: { type: 'string' },
    ways: { type: 'string', default: 'fp16,q8,q4' },
    torch: { type: 'string' },
  },
})
const bin = flags.bin as 'run-rm' | 'run-dpo'
const config = toRunConfig(bin, {
  ...(flags.model !== undefined && { model: flags.model }),
  dataset: flags.dataset,
  device: 'cpu',
})
const device = await resolveDevice('cpu', 'fp32')
const data = await openDataset(config, () => {})
const [loaded] = await loadModels({ ...config, models: config.models.slice(0, 1) }, device, () => {})
const subject = await subjectOf(loaded!, config, device, new Date(), console.error)

const usable: Row[] = []
for await (const row of rowsOf(config, data)) if (!isFailure(row) && row.kind === 'pair') usable.push(row)
const step = Math.max(1, Math.floor(usable.length / Number(flags.rows)))
const sequences: Sequence[] = []
for (const row of usable.filter((_, i) => i % step === 0).slice(0, Number(flags.rows))) {
  const both = subject.prepare(row).slice(0, 2)
  if (both.some(isUnscored)) continue
  for (const prepared of both as Prepared[]) sequences.push({ ...prepared, group: sequences.length >> 1 })
}

const folder = loaded!.resolved.dir
const { kind } = loaded!.opened
async function scoresOf(model: OpenModel): Promise<{ scores: Float64Array; seconds: number }> {
  const threads = flags.threads === undefined ? {} : { threads: Number(flags.threads) }
  const runner = await startSession(model, { ...threads, say: console.error })
  const started = process.cpuUsage()
  const scores = new Float64Array(sequences.length)
  for await (const { results } of measure(runner, planBatches(sequences, planOptionsFor(model.batching)), sequences))
    for (const { index, measurement } of results)
      scores[index] = measurement?.kind === 'head' ? measurement.values[0]! : (measurement?.sum ?? Number.NaN)
  const { user, system } = process.cpuUsage(started)
  await runner.release()
  return { scores, seconds: (user + system) / 1e6 }
}

/** The same graph with activations rounded to 8 bits in every quantised product. */
function inEightBits(model: OpenModel): OpenModel {
  const { graph, ...rest } = model.built.model
  const nodes = graph.nodes.map((node) =>
    node.op === 'MatMulNBits' ? { ...node, attributes: { ...node.attributes, accuracy_level: 4 } } : node,
  )
  const record: ModelRecord = { ...rest, graph: { ...graph, nodes } }
  return { ...model, built: { ...model.built, model: record } }
}

function opened(way: string): OpenModel {
  const options = { kind, device: 'cpu' } as const
  if (way.includes('/')) return openModelIn(openCheckpoint(way), options, 'fp32')
  const named = /^(8|4)(i?):(\d+):(s|z)(?::(8|4))?$/.exec(way)
  if (named === null) return openModelIn(openCheckpoint(folder), options, way as Dtype)
  const bits = Number(named[1]) as 8 | 4
  const logits = Number(named[5] ?? bits) as 8 | 4
  const scheme: Scheme = { bits, block: Number(named[3]), symmetric: named[4] === 's', logits }
  const model = openModelIn(openCheckpoint(folder), options, scheme.bits === 8 ? 'q8' : 'q4', scheme)
  return named[2] === 'i' ? inEightBits(model) : model
}

const { scores: reference, seconds } = await scoresOf(opened('fp32'))
const spread = quantile(reference, 0.95)! - quantile(reference, 0.05)!
const tokens = sequences.reduce((sum, { ids }) => sum + ids.length, 0)
console.log(
  `${loaded!.name}, ${sequences.length / 2} pairs, ${tokens} tokens, 5–95 % spread of the scores ${spread.toPrecision(4)}; shares are of it`,
)
const rms = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)
const share = (value: number): string => `${((100 * value) / spread).toFixed(3)} %`
const margins = (scores: ArrayLike<number>): number[] =>
  Array.from({ length: scores.length / 2 }, (_, i) => scores[2 * i]! - scores[2 * i + 1]!)
const table: Record<string, Record<string, string | number>> = {}
function report(way: string, scores: Float64Array, cpu: number | null, bytes: number | null): void {
  const moved = Array.from(scores, (score, i) => score - reference[i]!)
  const before = margins(reference)
  const after = margins(scores)
  const change = after.map((margin, i) => margin - before[i]!)
  table[way] = {
    rms: share(rms(moved)),
    largest: share(Math.max(...moved.map(Math.abs))),
    'rms of margins': share(rms(change)),
    flips: `${after.filter((margin, i) => Math.sign(margin) !== Math.sign(before[i]!)).length} of ${after.length}`,
    'bytes a weight': bytes === null ? '' : bytes.toFixed(3),
    'speed (CPU), fp32 = 1': cpu === null ? '' : (seconds / cpu).toFixed(2),
  }
  console.error(way, JSON.stringify(table[way]))
}
for (const way of flags.ways.split(',')) {
  const model = opened(way)
  const { scores, seconds: cpu } = await scoresOf(model)
  const { quantisation } = model.description
  report(way, scores, cpu, quantisation === null ? null : quantisation.bytes / quantisation.parameters)
}
if (flags.torch !== undefined) {
  const input = JSON.stringify(sequences.map(({ ids, reads }) => ({ ids: [...ids], read: reads[0] })))
  const script = packagePath('scripts/bench/drift-torch.py')
  const output = execFileSync(flags.torch, [script, folder, kind], { input, maxBuffer: 1 << 28, encoding: 'utf8' })
  for (const [way, scores] of Object.entries(JSON.parse(output) as Record<string, number[]>))
    report(`torch ${way}`, Float64Array.from(scores), null, null)
}
console.table(table)
