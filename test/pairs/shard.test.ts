import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { cutRows, unevenness } from '../../src/pairs/shard.ts'
import { estimateTokens } from '../../src/pairs/token-estimate.ts'
import { below, prng } from '../../src/prng.ts'
import type { Row, RowFailure } from '../../src/types.ts'

const row = (id: string, prompt: string, completions: readonly string[]): Row => ({
  kind: 'group',
  id,
  subset: '',
  problemType: null,
  prompt,
  completions: completions.map((text, index) => ({ role: 'completion', index, text })),
  solution: null,
  where: `data.jsonl:${id}`,
  extra: {},
})
async function* stream<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows
}
const cut = (rows: readonly (Row | RowFailure)[], count: number) => cutRows(stream(rows), count)
const words = (n: number): string => Array.from({ length: n }, () => 'carbon').join(' ')
/** Tokens of each shard, counted anew: a prompt once, each different completion of a row once, without the template's. */
function tokensOf(rows: readonly Row[], count: number, shardOf: (row: Row) => number): number[] {
  const tokens = new Array<number>(count).fill(0)
  const prompts = new Set<string>()
  for (const one of rows) {
    const texts = new Set(one.completions.map(({ text }) => text as string))
    const all = [...texts, ...(prompts.has(one.prompt as string) ? [] : [one.prompt as string])]
    prompts.add(one.prompt as string)
    tokens[shardOf(one) - 1]! += all.reduce((sum, text) => sum + text.split(' ').length, 0)
  }
  return tokens
}
const maxOverMean = (loads: readonly number[]): number =>
  (Math.max(...loads) * loads.length) / loads.reduce((sum, load) => sum + load, 0)

describe('the cut into shards', () => {
  const random = prng(3)
  /** 1,000 prompts of 1 to 200 words, 1 to 16 completions of 1 to 100. */
  const skewed = Array.from({ length: 1000 }, (_, i) =>
    row(
      String(i),
      `${i} ${words(below(random, 200))}`,
      Array.from({ length: 1 + below(random, 16) }, (_, k) => `${k} ${words(below(random, 100))}`),
    ),
  )

  it('is even in tokens where rows are not, and not by their number alone', async () => {
    const { shardOf, loads } = await cut(skewed, 16)
    const tokens = tokensOf(skewed, 16, shardOf)
    expect(maxOverMean(tokens)).toBeLessThan(1.01)
    expect(unevenness({ loads })).toBeCloseTo(maxOverMean(loads), 12)
    const byId = ({ id }: Row): number => (createHash('sha256').update(id).digest().readUIntBE(0, 6) % 16) + 1
    expect(maxOverMean(tokensOf(skewed, 16, byId))).toBeGreaterThan(1.1)
  })

  it('keeps the rows of one prompt together, turns of a conversation too', async () => {
    const rows = [1, 2, 3, 4].flatMap((k) =>
      [0, 1, 2, 3, 4].map((p) => row(`${k}-${p}`, `prompt ${p}`, [`answer ${k}`])),
    )
    const { shardOf } = await cut(rows, 3)
    for (const { prompt } of rows) {
      const turns = [{ role: 'user', content: prompt as string }]
      expect(shardOf({ prompt: turns })).toBe(shardOf({ prompt }))
    }
    expect(new Set(rows.map(shardOf)).size).toBe(3)
  })

  it('a prompt with very many completions has a shard to itself: the others share the rest', async () => {
    const many = row(
      'many',
      'much asked',
      Array.from({ length: 3000 }, (_, k) => `${k} ${words(20)}`),
    )
    const rows = [many, ...skewed.slice(0, 100)]
    const { shardOf, loads } = await cut(rows, 4)
    const own = shardOf(many)
    expect(rows.filter((one) => shardOf(one) === own)).toEqual([many])
    expect(maxOverMean(loads.filter((_, i) => i !== own - 1))).toBeLessThan(1.02)
  })

  it('repeated completions and repeated prompts count once', async () => {
    const one = await cut([row('a', 'p', ['same text'])], 1)
    const sixteen = await cut(
      [
        row(
          'a',
          'p',
          Array.from({ length: 16 }, () => 'same text'),
        ),
      ],
      1,
    )
    expect(sixteen.loads).toEqual(one.loads)
    const twice = await cut([row('a', 'p q r s', ['x']), row('b', 'p q r s', ['y'])], 1)
    expect(twice.loads[0]! - (await cut([row('a', 'p q r s', ['x'])], 1)).loads[0]!).toBe(1 + 3)
  })

  it('is the same for everyone who reads the rows; its name changes with them', async () => {
    const [first, again] = [await cut(skewed, 8), await cut(skewed, 8)]
    expect(again.id).toBe(first.id)
    expect(again.loads).toEqual(first.loads)
    expect(skewed.map(again.shardOf)).toEqual(skewed.map(first.shardOf))
    const names = [first, await cut(skewed, 9), await cut(skewed.slice(1), 8)].map(({ id }) => id)
    expect(new Set(names).size).toBe(3)
  })

  it('records that are no rows weigh nothing and belong to one shard each', async () => {
    const failure: RowFailure = { where: 'data.jsonl:7', id: null, reason: 'x', message: '', hint: null }
    const [plain, with7] = [await cut(skewed, 8), await cut([failure, ...skewed], 8)]
    expect(with7.id).toBe(plain.id)
    expect(with7.shardOfFailure(failure)).toBeGreaterThanOrEqual(1)
    expect(with7.shardOfFailure(failure)).toBeLessThanOrEqual(8)
  })

  it('there may be more shards than prompts', async () => {
    const { shardOf, loads } = await cut(skewed.slice(0, 3), 5)
    expect(new Set(skewed.slice(0, 3).map(shardOf))).toEqual(new Set([1, 2, 3]))
    expect(loads.slice(3)).toEqual([0, 0])
  })
})

describe('tokens estimated from a text', () => {
  it.each([
    ['', 0],
    ['   ', 0],
    ['carbon', 1],
    ['carbon atom', 2],
    ['dimethylsulfoxide', 3], // 17 letters: 8 + 8 + 1
    ['1234567', 3],
    ['CC(=O)O', 5], // CC, (=, O, ), O
    ['ether-0', 3],
    ['日本', 2],
  ])('%j: %i', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens)
  })
  it('is linear in a long run', () => {
    expect(estimateTokens('A'.repeat(80_000))).toBe(10_000)
  })
})
