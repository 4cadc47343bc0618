/**
 * How evenly rows are cut into shards, and what the cut costs: tokens that the graph computes in the heaviest shard over the mean of all, of
 * the cut by estimated tokens and of the earlier one by the hash of a row's id; and the tokens of all shards over those of a single run.
 *
 *   npx tsx scripts/bench/shards.ts [--shards 8] [--seed 1] [--rows 1000]
 *
 * Data: the demo's pairs and groups, and seeded ones of their texts: groups of 16 by sampling with repetition, prompts of log-normal length,
 * one prompt with very many completions, the same prompt in several rows. Tokens are the demo reward model's, planned for the CPU.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { resolveDevice } from '../../src/model/device.ts'
import { isFailure } from '../../src/pairs/failure.ts'
import { plain } from '../../src/plain-text.ts'
import { below, type Prng, prng } from '../../src/prng.ts'
import { estimatePlan } from '../../src/score/estimate.ts'
import { planOf } from '../../src/setup/choices.ts'
import { toRunConfig } from '../../src/setup/config.ts'
import { openDataset, rowsOf } from '../../src/setup/dataset.ts'
import { loadModels } from '../../src/setup/models.ts'
import { subjectOf } from '../../src/setup/subject.ts'
import type { Row } from '../../src/types.ts'

const { values: flags } = parseArgs({
  options: {
    shards: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    rows: { type: 'string', default: '1000' },
  },
})
const count = Number(flags.shards)
const folder = mkdtempSync(join(tmpdir(), 'chemherm-shards-'))
const device = await resolveDevice('cpu', 'fp32')
const configOf = (dataset: string) => toRunConfig('run-rm', { dataset, device: 'cpu', shard: `1/${count}` })
const first = configOf('demo-pairs')
const [model] = await loadModels(first, device, () => {})
const subject = await subjectOf(model!, first, device, new Date(), () => {})
const plan = planOf(first, [model!])

async function* streamed<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
const tokensOf = async (rows: readonly Row[]): Promise<number> =>
  (await estimatePlan(streamed(rows), subject, plan, model!.description.size)).computed
const cutTokens = async (rows: readonly Row[], shardOf: (row: Row) => number): Promise<number[]> => {
  const shards = Array.from({ length: count }, (): Row[] => [])
  for (const row of rows) shards[shardOf(row) - 1]!.push(row)
  return Promise.all(shards.map(tokensOf))
}
const byId = ({ id }: Row): number => (createHash('sha256').update(id).digest().readUIntBE(0, 6) % count) + 1
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, n) => sum + n, 0)
const unevenness = (loads: readonly number[]): string => ((Math.max(...loads) * loads.length) / sumOf(loads)).toFixed(3)

async function show(name: string, dataset: string): Promise<void> {
  const config = configOf(dataset)
  const began = performance.now()
  const data = await openDataset(config, () => {})
  const cutMs = performance.now() - began
  const rows: Row[] = []
  for await (const row of rowsOf(config, data, true)) if (!isFailure(row)) rows.push(row)
  const tokenising = performance.now()
  const single = await tokensOf(rows)
  const tokenisingMs = performance.now() - tokenising
  const before = await cutTokens(rows, byId)
  const after = await cutTokens(rows, data.cut!.shardOf)
  const prompts = new Map<string, Row[]>()
  for (const row of rows) {
    const prompt = JSON.stringify(row.prompt)
    prompts.set(prompt, [...(prompts.get(prompt) ?? []), row])
  }
  const heaviest = [...prompts.values()].sort((a, b) => sizeOf(b) - sizeOf(a))[0]!
  const bound = Math.max(1, ((await tokensOf(heaviest)) * count) / single)
  console.log(
    `| ${name} | ${rows.length} | ${prompts.size} | ${single} | ${unevenness(before)} | ${unevenness(after)} | ${bound.toFixed(3)} | ${(sumOf(before) / single).toFixed(4)} | ${(sumOf(after) / single).toFixed(4)} | ${cutMs.toFixed(0)} | ${tokenisingMs.toFixed(0)} |`,
  )
}
const sizeOf = (rows: readonly Row[]): number =>
  sumOf(rows.map(({ completions }) => sumOf(completions.map(({ text }) => plain(text).length))))

const random: Prng = prng(Number(flags.seed))
const texts: { prompt: string; completions: string[] }[] = []
for await (const row of rowsOf(first, await openDataset(configOf('demo-pairs'), () => {}), true))
  if (!isFailure(row))
    texts.push({ prompt: plain(row.prompt), completions: row.completions.map(({ text }) => plain(text)) })
const pick = <T>(from: readonly T[]): T => from[below(random, from.length)]!
const anyCompletion = (): string => pick(pick(texts).completions)
/** Of a normal distribution. */
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
/** A text of about so many characters. */
function longer(characters: number): string {
  let text = ''
  while (text.length < characters) text += `${anyCompletion()} `
  return text.slice(0, Math.max(1, Math.round(characters)))
}
function file(name: string, rows: readonly object[]): string {
  const path = join(folder, `${name}.jsonl`)
  writeFileSync(path, rows.map((row, id) => `${JSON.stringify({ id: `r${id}`, ...row })}\n`).join(''))
  return path
}
const n = Number(flags.rows)
const numbers = [...Array(n).keys()]
console.log(
  `| ${count} shards of | rows | prompts | tokens of one run | max/mean by id | max/mean now | least with prompts whole | tokens by id / one run | tokens now / one run | cut, ms | tokenising all, ms |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`,
)
try {
  await show('demo-pairs', 'demo-pairs')
  await show('demo-groups', 'demo-groups')
  await show(
    `${n} × 16, repeated completions`,
    file(
      'groups',
      numbers.map((i) => {
        const candidates = Array.from({ length: 1 + below(random, 16) }, anyCompletion)
        return {
          prompt: `${i}: ${pick(texts).prompt}`,
          completions: Array.from({ length: 16 }, () => pick(candidates)),
        }
      }),
    ),
  )
  await show(
    'log-normal lengths (σ 1.5)',
    file(
      'lengths',
      numbers.map((i) => ({
        prompt: `${i}: ${longer(Math.min(2000, 100 * Math.exp(1.5 * normal())))}`,
        chosen: longer(Math.min(2000, 100 * Math.exp(1.5 * normal()))),
        rejected: longer(Math.min(2000, 100 * Math.exp(1.5 * normal()))),
      })),
    ),
  )
  await show(
    'one prompt with very many completions',
    file(
      'one',
      numbers.map((i) =>
        i === 0
          ? { prompt: texts[0]!.prompt, completions: Array.from({ length: n }, (_, k) => `${k} ${anyCompletion()}`) }
          : { prompt: `${i}: ${pick(texts).prompt}`, completions: [anyCompletion(), anyCompletion()] },
      ),
    ),
  )
  await show(
    'rollouts, one per row, prompts of 1 to 64 rows',
    file(
      'rollouts',
      numbers
        .flatMap((i) => {
          const prompt = `${i}: ${pick(texts).prompt}`
          return Array.from({ length: 2 ** below(random, 7) }, (_, k) => ({
            id: `r${i}-${k}`,
            prompt,
            completion: `${k} ${anyCompletion()}`,
          }))
        })
        .slice(0, 4 * n),
    ),
  )
} finally {
  rmSync(folder, { recursive: true })
}
