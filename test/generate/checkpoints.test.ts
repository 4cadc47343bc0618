import { expect, it } from 'vitest'
import { generate } from '../../src/generate/generate.ts'
import { packagePath } from '../../src/package.ts'
import type { Decoder, NextToken } from '../../src/types.ts'
import { type GoldenModel, goldenModels } from '../model/golden.ts'
import { decoderOf, GREEDY, readPacked } from './models.ts'

// Tiny checkpoints of every architecture: greedy tokens and log-probabilities as transformers' `generate` has them (with its cache), and,
// fed token by token, the log-probabilities of every golden text, which transformers computes in one pass.

interface Item {
  readonly prompt_ids: readonly number[]
  readonly token_ids: readonly number[]
  readonly token_logprobs: readonly number[]
  readonly near_ties: readonly number[]
}
const { checkpoints } = readPacked('checkpoints.json.gz') as {
  checkpoints: Readonly<Record<string, readonly Item[]>>
}

it.each(Object.entries(checkpoints))('%s: greedy', async (name, items) => {
  const decoder = await decoderOf(packagePath('test/data', name))
  const prompts = items.map((item, i) => ({ id: String(i), ids: Int32Array.from(item.prompt_ids), item }))
  for (const maxNewTokens of new Set(items.map(({ token_ids }) => token_ids.length))) {
    const those = prompts.filter(({ item }) => item.token_ids.length === maxNewTokens)
    for await (const generated of generate(decoder, those, { ...GREEDY, maxNewTokens, maxPositions: 1e6 })) {
      if (!('completions' in generated)) throw new Error(generated.unscored.message)
      const { token_ids, token_logprobs, near_ties } = generated.prompt.item
      const [{ tokenIds, tokenLogProbs }] = generated.completions as [(typeof generated.completions)[0]]
      const [tie] = near_ties
      expect(tokenIds.slice(0, tie)).toEqual(token_ids.slice(0, tie))
      token_logprobs.slice(0, tie).forEach((expected, t) => {
        expect(Math.abs(tokenLogProbs[t]! - expected), `token ${t}`).toBeLessThan(1e-4)
      })
    }
  }
  await decoder.release()
})

/** Log-probabilities of texts from a place on, all continued side by side; a text whose frequencies change is computed anew. */
async function forced(decoder: Decoder, cases: GoldenModel['cases']): Promise<number[][]> {
  const found = cases.map((): number[] => [])
  const logProb = ({ logits, logSumExp }: NextToken, token: number): number => logits[token]! - logSumExp
  const table = decoder.table()
  const rows: number[] = []
  const add = async (i: number, length: number): Promise<void> => {
    const { ids } = cases[i]!.sequence
    const [prefix] = await decoder.prefill([ids.subarray(0, length)])
    found[i]!.push(logProb(prefix!.next, ids[length]!))
    if (length + 1 === ids.length) return
    table.add(prefix!)
    rows.push(i)
  }
  const remove = (row: number): void => {
    table.remove(row)
    const last = rows.pop()!
    if (row < rows.length) rows[row] = last
  }
  for (const [i, { sequence }] of cases.entries()) await add(i, sequence.reads[0]!)
  const lengthOf = (i: number): number => cases[i]!.sequence.reads[0]! + found[i]!.length
  while (rows.length > 0) {
    const changing = rows.filter((i) => !decoder.keeps(lengthOf(i) - 1, lengthOf(i)))
    for (const i of changing) remove(rows.indexOf(i))
    if (rows.length > 0) {
      const next = await table.step(Int32Array.from(rows, (i) => cases[i]!.sequence.ids[lengthOf(i) - 1]!))
      for (let row = next.length - 1; row >= 0; row--) {
        const i = rows[row]!
        const { ids } = cases[i]!.sequence
        found[i]!.push(logProb(next[row]!, ids[lengthOf(i)]!))
        if (lengthOf(i) === ids.length) remove(row)
      }
    }
    for (const i of changing) await add(i, lengthOf(i))
  }
  return found
}

const causal = ['parity', 'models', 'adapters'].flatMap((topic) =>
  goldenModels(topic).filter(({ kind }) => kind === 'logProb'),
)

it.each(causal)('$name: the log-probabilities of its goldens, token by token', async ({ dir, cases, atol, rtol }) => {
  const decoder = await decoderOf(dir)
  // beyond the length from which frequencies are others, one pass has them for the beginning, too, which was short when it was continued
  const alike = cases.filter(({ sequence: { reads, ids } }) => decoder.keeps(reads[0]!, ids.length))
  expect(alike.length).toBeGreaterThan(0)
  const found = await forced(decoder, alike)
  alike.forEach(({ label, expected }, i) => {
    expect(found[i]!.length, label).toBe(expected.length)
    expected.forEach((value, t) => {
      expect(Math.abs(found[i]![t]! - value), `${label}, token ${t}`).toBeLessThan(atol + rtol * Math.abs(value))
    })
  })
  await decoder.release()
})
