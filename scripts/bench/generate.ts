/**
 * Generation beside transformers' `generate`, both with a cache, on the same weights and token ids.
 *
 *   npx tsx scripts/bench/generate.ts --peer PYTHON [--shape demo|135m|0.5b|tiny] [--prompts 16] [--new 64] [--n 1] [--rows 8,16,32]
 *     [--peer-rows 8,16] [--rounds 3] [--threads 1]
 *
 * `demo`: the embedded policy on the embedded prompts, to its own end-of-text token; else a seeded random model (seeded-model.ts) and
 * prompts of 60–250 tokens, --new tokens each, no end. Greedy; with --n above 1 drawn at temperature 1. All ways run interleaved, ours in
 * this process, transformers in one of its own; new tokens per CPU second and ratios, median and range over the rounds.
 */
import { parseArgs } from 'node:util'
import { generate, noTokens } from '../../src/generate/generate.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { startDecoder } from '../../src/model/decoder.ts'
import { openModel } from '../../src/model/open.ts'
import { packagePath } from '../../src/package.ts'
import { readRows } from '../../src/pairs/read.ts'
import { below, prng } from '../../src/prng.ts'
import { promptEncoder } from '../../src/text/continuation.ts'
import { openRenderer } from '../../src/text/renderer.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { openChild } from './peer-process.ts'
import { SHAPES, seededModel } from './seeded-model.ts'

const { values: flags } = parseArgs({
  options: {
    shape: { type: 'string', default: 'demo' },
    prompts: { type: 'string', default: '16' },
    new: { type: 'string', default: '64' },
    n: { type: 'string', default: '1' },
    rows: { type: 'string', default: '8,16,32' },
    'peer-rows': { type: 'string', default: '8,16' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '1' },
    peer: { type: 'string' },
  },
})
const [rounds, threads, n] = [Number(flags.rounds), Number(flags.threads), Number(flags.n)]
const demo = flags.shape === 'demo'
const folder = demo ? packagePath('src/embedded/demo/demo-policy-dpo') : seededModel(flags.shape, 'logProb', 'f32')
const maxNewTokens = demo ? 96 : Number(flags.new)
const eos = demo ? [3] : []
const prompts = demo ? await demoPrompts() : seededPrompts(Number(flags.prompts), SHAPES[flags.shape]!.vocab)

async function demoPrompts(): Promise<number[][]> {
  const tokenizer = await openTokenizer(folder, { id: 'demo' })
  const encode = promptEncoder(tokenizer, await openRenderer('tokenizer', tokenizer, { id: 'demo', now: new Date(0) }))
  const found: number[][] = []
  for await (const row of readRows(packagePath('src/embedded/demo/prompts.jsonl'), { prompts: true })) {
    const encoded = 'prompt' in row ? encode(row.prompt) : null
    if (encoded !== null && 'ids' in encoded) found.push([...encoded.ids])
  }
  return found
}

function seededPrompts(count: number, vocab: number): number[][] {
  const random = prng(3)
  return Array.from({ length: count }, () =>
    Array.from({ length: 60 + below(random, 191) }, () => 1 + below(random, vocab - 1)),
  )
}

interface Turn {
  readonly cpu: number
  readonly wall: number
  readonly made: number
  readonly tokens: readonly (readonly number[])[]
}

const model = openModel(openCheckpoint(folder), { kind: 'logProb', device: 'cpu', dtype: 'fp32', generates: true })
const decoder = await startDecoder(model, { threads })
const peer = flags.peer === undefined ? null : await openChild(flags.peer, 'generate-torch.py', [folder], threads)

async function ours(rows: number): Promise<Turn> {
  const [before, start] = [process.cpuUsage(), performance.now()]
  const tokens: (readonly number[])[] = new Array(prompts.length * n)
  const count = noTokens()
  const options = {
    n,
    maxNewTokens,
    temperature: n > 1 ? 1 : 0,
    topP: 1,
    seed: 0,
    eosIds: new Set(eos),
    stop: [],
    decode: () => '',
    maxPositions: 8192,
    budget: { rows, tokens: 1 << 20, promptTokens: 1024 },
  }
  const given = prompts.map((ids, i) => ({ id: String(i), ids: Int32Array.from(ids) }))
  for await (const generated of generate(decoder, given, options, { count }))
    if ('completions' in generated)
      generated.completions.forEach(({ tokenIds }, i) => {
        tokens[Number(generated.prompt.id) * n + i] = tokenIds
      })
  const { user, system } = process.cpuUsage(before)
  return { cpu: (user + system) / 1e6, wall: (performance.now() - start) / 1e3, made: count.newTokens, tokens }
}

const ways: Record<string, () => Promise<Turn>> = {}
if (peer !== null)
  for (const rows of flags['peer-rows'].split(',').map(Number))
    ways[`transformers, batches of ${rows}`] = async () =>
      (await peer.ask({ prompts, batch: Math.max(1, Math.floor(rows / n)), new: maxNewTokens, eos, n })) as Turn
for (const rows of flags.rows.split(',').map(Number)) ways[`ours, ${rows} rows`] = () => ours(rows)

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!
const turns: Record<string, Turn[]> = Object.fromEntries(Object.keys(ways).map((name) => [name, []]))
for (let round = 0; round <= rounds; round++)
  for (const [name, way] of Object.entries(ways)) {
    const turn = await way()
    if (round > 0) turns[name]!.push(turn)
  }
peer?.close()
console.log(
  `${flags.shape}, ${prompts.length} prompts of ${Math.min(...prompts.map((p) => p.length))}–${Math.max(...prompts.map((p) => p.length))} tokens, ${n} completions each, at most ${maxNewTokens} tokens; ${threads} threads${peer === null ? '' : `; ${peer.what}`}`,
)
const [base] = Object.values(turns)
for (const [name, all] of Object.entries(turns)) {
  const rate = (turn: Turn): number => turn.made / turn.cpu
  const ratios = all.map((turn, i) => rate(turn) / rate(base![i]!)).sort((a, b) => a - b)
  const same = all[0]!.tokens.filter((ids, i) => ids.join() === base![0]!.tokens[i]!.join()).length
  console.log(
    `${name.padEnd(30)} ${median(all.map(rate)).toFixed(1).padStart(8)} tokens per CPU second, ${median(
      all.map(({ made, wall }) => made / wall),
    )
      .toFixed(1)
      .padStart(
        8,
      )} per second; ratio ${median(ratios).toFixed(2)} [${ratios[0]!.toFixed(2)}..${ratios.at(-1)!.toFixed(2)}]; ${all[0]!.made} tokens${n === 1 ? `, ${same} of ${prompts.length} texts the same` : ''}`,
  )
}
await decoder.release()
