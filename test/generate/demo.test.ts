import { expect, it } from 'vitest'
import { generate, noTokens } from '../../src/generate/generate.ts'
import { packagePath } from '../../src/package.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { decoderOf, GREEDY, readPacked } from './models.ts'

// The embedded models continue the embedded prompts as transformers does, token by token up to the first near-tie.

interface Item {
  readonly id: string
  readonly prompt_ids: readonly number[]
  readonly token_ids: readonly number[]
  readonly text: string
  readonly finish_reason: string
  readonly token_logprobs: readonly number[]
  readonly sum_logprob: number
  readonly near_ties: readonly number[]
}
const { models } = readPacked('expected.json.gz') as {
  models: Readonly<Record<string, { readonly eos_token_id: number; readonly items: readonly Item[] }>>
}

it.each(Object.entries(models))('%s', async (name, { eos_token_id, items }) => {
  const dir = packagePath('src/embedded/demo', name)
  const decoder = await decoderOf(dir)
  const tokenizer = await openTokenizer(dir, { id: name })
  const count = noTokens()
  const prompts = items.map((item) => ({ id: item.id, ids: Int32Array.from(item.prompt_ids), item }))
  const options = { ...GREEDY, eosIds: new Set([eos_token_id]), decode: tokenizer.decode }
  let compared = 0
  for await (const generated of generate(decoder, prompts, options, { count })) {
    if (!('completions' in generated)) throw new Error(generated.unscored.message)
    const { item } = generated.prompt
    const [completion] = generated.completions
    const [tie] = item.near_ties
    expect(completion!.tokenIds.slice(0, tie), item.id).toEqual(item.token_ids.slice(0, tie))
    item.token_logprobs.slice(0, tie).forEach((expected, t) => {
      expect(Math.abs(completion!.tokenLogProbs[t]! - expected), `${item.id} ${t}`).toBeLessThan(1e-4)
      compared++
    })
    if (tie !== undefined) continue
    expect(completion).toMatchObject({ text: item.text, finishReason: item.finish_reason })
    expect(Math.abs(completion!.sumLogProb - item.sum_logprob)).toBeLessThan(2e-4)
  }
  expect(compared).toBeGreaterThan(2000)
  // every prompt is computed once
  expect(count.promptTokens).toBe(items.reduce((sum, { prompt_ids }) => sum + prompt_ids.length, 0))
  await decoder.release()
})
