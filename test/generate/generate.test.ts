import { expect, it } from 'vitest'
import {
  type Generated,
  type GenerationOptions,
  type GenerationPrompt,
  generate,
  noTokens,
} from '../../src/generate/generate.ts'
import { StopStrings } from '../../src/generate/stop-strings.ts'
import { packagePath } from '../../src/package.ts'
import type { Decoder } from '../../src/types.ts'
import { decoderOf, GREEDY } from './models.ts'

const prompts = Array.from({ length: 9 }, (_, i) => ({
  id: `p${i}`,
  ids: Int32Array.from({ length: 3 + ((5 * i) % 11) }, (_, t) => 4 + ((7 * i + 3 * t) % 50)),
}))
const llama = decoderOf(packagePath('test/data/parity/dpo-llama/policy'))
const drawn: GenerationOptions = { ...GREEDY, n: 3, temperature: 1, maxNewTokens: 12, eosIds: new Set([7, 8, 9]) }

async function all(
  options: GenerationOptions,
  given: readonly GenerationPrompt[] = prompts,
  decoder: Decoder | null = null,
  count = noTokens(),
): Promise<Map<string, Generated>> {
  const found = new Map<string, Generated>()
  for await (const one of generate(decoder ?? (await llama), given, options, { count })) found.set(one.prompt.id, one)
  return found
}
const tokensOf = (found: Map<string, Generated>, id: string): readonly (readonly number[])[] => {
  const one = found.get(id)!
  return 'completions' in one ? one.completions.map(({ tokenIds }) => tokenIds) : []
}

it('with a seed the same tokens are drawn, whatever is computed beside them and in whatever order', async () => {
  const usual = await all(drawn)
  for (const budget of [
    { rows: 1, tokens: 1, promptTokens: 1 },
    { rows: 2, tokens: 1 << 20, promptTokens: 40 },
    { rows: 5, tokens: 60, promptTokens: 1024 },
  ])
    for (const order of [prompts, [...prompts].reverse()]) {
      const found = await all({ ...drawn, budget }, order)
      for (const { id } of prompts) expect(tokensOf(found, id), id).toEqual(tokensOf(usual, id))
    }
  const alone = await all({ ...drawn, n: 1 }, [prompts[4]!])
  expect(tokensOf(alone, 'p4')).toEqual(tokensOf(usual, 'p4').slice(0, 1))
  expect(tokensOf(await all({ ...drawn, seed: 1 }), 'p4')).not.toEqual(tokensOf(usual, 'p4'))
})

it('computes each prompt once, however many completions it has and however few rows there are', async () => {
  for (const rows of [1, 4, 64]) {
    const count = noTokens()
    await all({ ...drawn, n: 5, budget: { rows, tokens: 1 << 20, promptTokens: 64 } }, prompts, null, count)
    expect(count.promptTokens).toBe(prompts.reduce((sum, { ids }) => sum + ids.length, 0))
    expect(count.stepRows).toBeLessThanOrEqual(count.steps * rows)
  }
})

it('computes what all prompts begin with once for all, and changes no token by it', async () => {
  const system = Array.from({ length: 40 }, (_, t) => 4 + ((11 * t) % 50))
  const begun = prompts.map(({ id, ids }) => ({ id, ids: Int32Array.from([...system, ...ids]) }))
  const [count, one] = [noTokens(), noTokens()]
  const found = await all(drawn, begun, null, count)
  expect(count.promptTokens).toBe(40 + prompts.reduce((sum, { ids }) => sum + ids.length, 0))
  for (const prompt of begun) {
    const alone = await all(drawn, [prompt], null, one)
    expect(tokensOf(found, prompt.id)).toEqual(tokensOf(alone, prompt.id))
  }
  expect(one.promptTokens).toBe(begun.reduce((sum, { ids }) => sum + ids.length, 0))
  // one that begins otherwise, or is no longer than the beginning, comes later and is computed whole
  const late = { id: 'late', ids: Int32Array.from(system) }
  const many = Array.from({ length: 1030 }, (_, i) => ({
    id: `m${i}`,
    ids: Int32Array.from([...system, 5, 6, i % 40]),
  }))
  const mixed = await all({ ...drawn, n: 1, maxNewTokens: 1 }, [...many, late, prompts[0]!])
  expect(mixed.size).toBe(1032)
  expect(tokensOf(mixed, 'late')).toEqual(tokensOf(await all({ ...drawn, n: 1, maxNewTokens: 1 }, [late]), 'late'))
})

it('log-probabilities are those of the model, whatever the temperature and top-p', async () => {
  const found = await all({ ...drawn, temperature: 0.3, topP: 0.5 })
  const cold = [...found.values()].flatMap((one) => ('completions' in one ? one.completions : []))
  const decoder = await llama
  for (const { tokenIds, tokenLogProbs, sumLogProb } of cold.slice(0, 4)) {
    expect(sumLogProb).toBeCloseTo(
      tokenLogProbs.reduce((sum, logProb) => sum + logProb, 0),
      12,
    )
    expect(tokenIds.length).toBe(tokenLogProbs.length)
  }
  const [first] = (found.get('p0') as Extract<Generated, { completions: unknown }>).completions
  const [{ next }] = (await decoder.prefill([prompts[0]!.ids])) as [Awaited<ReturnType<Decoder['prefill']>>[0]]
  expect(first!.tokenLogProbs[0]).toBeCloseTo(next.logits[first!.tokenIds[0]!]! - next.logSumExp, 5)
})

it('the first tokens of many completions are distributed as the model says (χ²)', async () => {
  const n = 3000
  const prompt = { id: 'many', ids: Int32Array.of(5, 6, 7) }
  const [prefix] = await (await llama).prefill([prompt.ids])
  const { logits, logSumExp } = prefix!.next
  const options = { ...drawn, n, maxNewTokens: 1, budget: { rows: 64, tokens: 1 << 20, promptTokens: 64 } }
  const counts = new Float64Array(logits.length)
  for (const [token] of tokensOf(await all(options, [prompt]), 'many')) counts[token!]! += 1
  // tokens that are expected less than five times are one class
  let [statistic, classes, rareExpected, rareFound] = [0, 0, 0, 0]
  logits.forEach((logit, id) => {
    const expected = n * Math.exp(logit - logSumExp)
    if (expected < 5) {
      rareExpected += expected
      rareFound += counts[id]!
      return
    }
    statistic += (counts[id]! - expected) ** 2 / expected
    classes++
  })
  if (rareExpected > 0) statistic += (rareFound - rareExpected) ** 2 / rareExpected
  expect(statistic).toBeLessThan(classes + 4 * Math.sqrt(2 * classes))
})

it('ends at a token, at a text, at the limit, at the last position; each says so', async () => {
  const [prompt] = prompts
  const greedy = tokensOf(await all({ ...GREEDY, maxNewTokens: 6 }, [prompt!]), 'p0')[0]!
  const one = async (options: Partial<GenerationOptions>) => {
    const found = (await all({ ...GREEDY, maxNewTokens: 6, ...options }, [prompt!])).get('p0')!
    return 'completions' in found ? found.completions[0]! : found
  }
  const first = greedy.indexOf(greedy[3]!)
  expect(await one({ eosIds: new Set([greedy[3]!]) })).toMatchObject({
    finishReason: 'stop',
    tokenIds: greedy.slice(0, first + 1),
    text: greedy.slice(0, first).join(' '),
  })
  const decode = (ids: Int32Array): string => [...ids].map((id) => `<${id}>`).join('')
  expect(await one({ decode, stop: [`${greedy[1]}><${greedy[2]}`] })).toMatchObject({
    finishReason: 'stop_string',
    tokenIds: greedy.slice(0, 3),
    text: `<${greedy[0]}><`,
  })
  expect(await one({})).toMatchObject({ finishReason: 'length', tokenIds: greedy })
  expect(await one({ maxPositions: prompt!.ids.length + 2 })).toMatchObject({
    finishReason: 'length',
    tokenIds: greedy.slice(0, 2),
  })
  expect(await one({ maxPositions: prompt!.ids.length })).toMatchObject({ unscored: { reason: 'too_long' } })
})

it('a number that is not finite ends the group, and no other', async () => {
  const decoder = await llama
  const broken: Decoder = {
    info: decoder.info,
    bytesPerToken: decoder.bytesPerToken,
    keeps: decoder.keeps.bind(decoder),
    table: () => decoder.table(),
    checkWeights: () => decoder.checkWeights(),
    release: () => decoder.release(),
    prefill: async (given) =>
      (await decoder.prefill(given)).map((prefix) =>
        prefix.length === prompts[2]!.ids.length
          ? { ...prefix, next: { ...prefix.next, logSumExp: Number.NaN } }
          : prefix,
      ),
  }
  const found = await all(drawn, prompts, broken)
  expect(found.size).toBe(prompts.length)
  for (const { id, ids } of prompts)
    if (ids.length === prompts[2]!.ids.length)
      expect(found.get(id)).toMatchObject({ unscored: { reason: 'non_finite' } })
    else expect(tokensOf(found, id)).toHaveLength(3)
})

it('a stop string is found wherever tokens are cut, first where there are several', () => {
  const decode = (ids: Int32Array): string => Buffer.from(Uint8Array.from(ids)).toString('utf8')
  const text = 'ein Öl — Ende\n\nund mehr'
  const bytes = [...Buffer.from(text)]
  const stops = new StopStrings(['und', 'Ende\n', '—'], decode)
  const seen = bytes.findIndex((_, i) => stops.isIn(bytes.slice(0, i + 1)))
  expect(decode(Int32Array.from(bytes.slice(0, seen + 1)))).toBe('ein Öl —')
  expect(stops.before(text)).toBe('ein Öl ')
  expect(new StopStrings([], decode).isIn(bytes)).toBe(false)
  // far beyond the tokens that are looked at
  const long = [...Buffer.from(`${'x'.repeat(500)}Ende\n`)]
  expect(stops.isIn(long.slice(0, -1))).toBe(false)
  expect(stops.isIn(long)).toBe(true)
})
