/**
 * Scoring speed of an encoder of BERT-base's or DeBERTa-v3-base's shape with seeded random weights: forms of attention and sizes of a run.
 *
 *   npx tsx scripts/bench/encoder.ts [--model bert|deberta-v2] [--attention attention,plain] [--batch-tokens 512,1024,2048]
 *     [--texts 48] [--rounds 3] [--threads 2]
 *
 * Texts of 60–450 tokens, planned by length as a run plans them. All ways run interleaved on the same texts; ratios are of CPU time to
 * the first way (texts in the data's order, eight a run), median and range over the rounds.
 */
import { parseArgs } from 'node:util'
import type { AttentionForm } from '../../src/model/attention-forms.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { below, type Prng, prng } from '../../src/prng.ts'
import { planBatches } from '../../src/score/plan.ts'
import type { Batch, Runner, Sequence } from '../../src/types.ts'
import { type Encoder, seededEncoder } from './seeded-model.ts'

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'bert' },
    attention: { type: 'string', default: 'attention,plain' },
    'batch-tokens': { type: 'string', default: '512,1024,2048' },
    texts: { type: 'string', default: '48' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string' },
  },
})

const rounds = Number(flags.rounds)
const count = Math.ceil(Number(flags.texts) / rounds)

function textsOf(random: Prng): Sequence[] {
  return Array.from({ length: count }, (_, group) => ({
    ids: Int32Array.from({ length: 60 + below(random, 390) }, () => 5 + below(random, 30_000)),
    typeIds: null,
    positionStart: 0,
    reads: Int32Array.of(0),
    group,
  }))
}

const inDataOrder = (texts: readonly Sequence[]): Batch[] =>
  Array.from({ length: Math.ceil(texts.length / 8) }, (_, b): Batch => {
    const rows = texts.slice(8 * b, 8 * b + 8)
    const longest = Math.max(...rows.map(({ ids }) => ids.length))
    return { layout: 'padded', sequences: rows.map((_, i) => 8 * b + i), prefix: 0, tokens: rows.length * longest }
  })

interface Way {
  readonly name: string
  readonly runner: Runner
  readonly plan: (texts: readonly Sequence[]) => Batch[]
}

const checkpoint = openCheckpoint(seededEncoder(flags.model as Encoder))
const ways: Way[] = []
for (const attention of flags.attention.split(',') as AttentionForm[]) {
  const model = openModel(checkpoint, { kind: 'head', device: 'cpu', dtype: 'fp32', attention })
  const runner = await startSession(model, flags.threads === undefined ? {} : { threads: Number(flags.threads) })
  if (ways.length === 0) ways.push({ name: `${attention}, data order, 8`, runner, plan: inDataOrder })
  for (const batchTokens of flags['batch-tokens'].split(',').map(Number))
    ways.push({
      name: `${attention}, ${batchTokens} tokens`,
      runner,
      plan: (texts) => planBatches(texts, { layout: 'padded', packed: false, batchTokens, batchSize: 256 }),
    })
}

async function timed(way: Way, texts: readonly Sequence[]) {
  const scores: number[] = []
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  let tokens = 0
  for (const batch of way.plan(texts)) {
    const outputs = await way.runner.run(batch, texts)
    batch.sequences.forEach((index, i) => {
      scores[index] = outputs[i]![0]!
    })
    tokens += batch.tokens
  }
  const { user, system } = process.cpuUsage(cpu)
  return { scores, tokens, cpu: (user + system) / 1e6, wall: (performance.now() - wall) / 1e3 }
}

for (const way of ways) await timed(way, textsOf(prng(1)).slice(0, 2))
const all = ways.map((): Awaited<ReturnType<typeof timed>>[] => [])
for (let round = 0; round < rounds; round++) {
  const texts = textsOf(prng(10 + round))
  for (const [w, way] of ways.entries()) all[w]!.push(await timed(way, texts))
}
const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!
console.table(
  Object.fromEntries(
    ways.map(({ name }, w) => {
      const ratios = all[w]!.map(({ cpu }, i) => all[0]![i]!.cpu / cpu)
      const apart = all[w]!.flatMap(({ scores }, i) =>
        scores.map((score, t) => Math.abs(score - all[0]![i]!.scores[t]!)),
      )
      return [
        name,
        {
          'texts/s': median(all[w]!.map(({ wall }) => count / wall)).toFixed(2),
          'speed (CPU time)': `${median(ratios).toFixed(2)} [${Math.min(...ratios).toFixed(2)}..${Math.max(...ratios).toFixed(2)}]`,
          tokens: all[w]!.reduce((sum, { tokens }) => sum + tokens, 0),
          'max difference': Math.max(...apart).toExponential(1),
        },
      ]
    }),
  ),
)
for (const runner of new Set(ways.map(({ runner }) => runner))) await runner.release()
