import { expect, it } from 'vitest'
import { startDecoder } from '../../src/model/decoder.ts'
import { openModelIn } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import type { Decoder, NextToken } from '../../src/types.ts'
import { openGolden } from '../model/runner.ts'
import { decoderOf } from './models.ts'

const parity = (name: string): string => packagePath('test/data/parity', name, 'policy')
const ids = (count: number, step = 7): Int32Array => Int32Array.from({ length: count }, (_, t) => 4 + ((step * t) % 60))
const furthest = (a: NextToken, b: NextToken): number =>
  a.logits.reduce((most, z, id) => Math.max(most, Math.abs(z - b.logits[id]!)), Math.abs(a.logSumExp - b.logSumExp))

it.each(['dpo-llama', 'dpo-gemma2', 'dpo-mistral', 'dpo-phi3', 'dpo-gpt2'])(
  '%s: a prompt in pieces, alone or beside others, is the same prompt',
  async (name) => {
    const [whole, pieces] = [await decoderOf(parity(name)), await decoderOf(parity(name), { pieceTokens: 5 })]
    const prompts = [ids(23), ids(4, 3), ids(11, 5), ids(5, 9)]
    const [here, there] = [await whole.prefill(prompts), await pieces.prefill(prompts)]
    const alone = await whole.prefill([prompts[1]!])
    expect(furthest(alone[0]!.next, here[1]!.next)).toBeLessThan(2e-5)
    for (const [i, prefix] of here.entries()) {
      expect(there[i]!.length).toBe(prefix.length)
      expect(furthest(there[i]!.next, prefix.next), `prompt ${i}`).toBeLessThan(2e-5)
      for (const side of ['keys', 'values'] as const)
        for (const [l, kept] of prefix[side].entries()) {
          const most = kept.reduce((far, x, j) => Math.max(far, Math.abs(x - there[i]![side][l]![j]!)), 0)
          expect(most).toBeLessThan(2e-5)
        }
    }
    // behind a text that is computed already, in pieces or not
    const [before] = await whole.prefill([ids(9)])
    for (const decoder of [whole, pieces]) {
      const rests = [ids(23).subarray(9), ids(11).subarray(9), ids(60).subarray(9)]
      const found = await decoder.prefill(rests, before!)
      for (const [i, length] of [23, 11, 60].entries()) {
        const [expected] = await whole.prefill([ids(length)])
        expect(found[i]!.length).toBe(length)
        expect(furthest(found[i]!.next, expected!.next), `${length} tokens`).toBeLessThan(3e-5)
        const most = expected!.values.at(-1)!.map((x, j) => Math.abs(x - found[i]!.values.at(-1)![j]!))
        expect(Math.max(...most)).toBeLessThan(3e-5)
      }
    }
    await whole.release()
    await pieces.release()
  },
)

it('rows that come and go leave the others as they are', async () => {
  const decoder = await decoderOf(parity('dpo-llama'))
  const texts = [ids(70), ids(3, 3), ids(20, 5), ids(64, 11), ids(1)]
  const tokens = (text: number, t: number): number => 4 + ((13 * text + 5 * t) % 60)
  /** A text alone, some tokens further. */
  const alone = async (text: number, steps: number): Promise<NextToken> => {
    const grown = [...texts[text]!, ...Array.from({ length: steps }, (_, t) => tokens(text, t))]
    return (await decoder.prefill([Int32Array.from(grown)]))[0]!.next
  }
  const table = decoder.table()
  const rows: { readonly text: number; steps: number }[] = []
  const add = async (text: number): Promise<void> => {
    expect(table.add((await decoder.prefill([texts[text]!]))[0]!)).toBe(rows.length)
    rows.push({ text, steps: 0 })
  }
  const remove = (row: number): void => {
    table.remove(row)
    const last = rows.pop()!
    if (row < rows.length) rows[row] = last
  }
  const step = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const next = await table.step(Int32Array.from(rows, ({ text, steps }) => tokens(text, steps)))
      for (const row of rows) row.steps++
      if (i < times - 1) continue
      for (const [r, { text, steps }] of rows.entries())
        expect(furthest(next[r]!, await alone(text, steps)), `text ${text} after ${steps}`).toBeLessThan(5e-5)
    }
  }
  await add(1)
  await add(0)
  await step(2)
  await add(3)
  await add(4)
  await step(3)
  remove(1)
  await step(1)
  await add(2)
  remove(0)
  await step(60)
  remove(1)
  remove(0)
  remove(0)
  expect(table.size).toBe(0)
  expect(() => table.remove(0)).toThrow(RangeError)
  await add(1)
  await step(1)
  await expect(table.step(Int32Array.of(1, 2))).rejects.toThrow('2 tokens for 1 rows')
  await decoder.release()
})

it('refuses ids and positions that the model does not have, and the graph of the other use', async () => {
  const gpt2: Decoder = await decoderOf(parity('dpo-gpt2'))
  await expect(gpt2.prefill([Int32Array.of(1, 1_000_000)])).rejects.toMatchObject({ tag: 'model' })
  await expect(gpt2.prefill([ids(2000)])).rejects.toThrow(/learned positions/)
  await expect(gpt2.prefill([new Int32Array(0)])).rejects.toThrow('an empty text')
  const checkpoint = openGolden(parity('dpo-gpt2'))
  const measures = openModelIn(checkpoint, { kind: 'logProb', device: 'cpu' }, 'fp32')
  await expect(startDecoder(measures)).rejects.toThrow('startSession')
  const continues = openModelIn(checkpoint, { kind: 'logProb', device: 'cpu', generates: true }, 'fp32')
  await expect(startSession(continues)).rejects.toThrow('startDecoder')
  await gpt2.release()
})

it('a half-precision graph gives nearly the same, its cache in float32', async () => {
  const checkpoint = openGolden(parity('dpo-llama'))
  const half = await startDecoder(openModelIn(checkpoint, { kind: 'logProb', device: 'cpu', generates: true }, 'fp16'))
  const full = await decoderOf(parity('dpo-llama'))
  const [a, b] = [(await half.prefill([ids(9)]))[0]!, (await full.prefill([ids(9)]))[0]!]
  expect(a.keys[0]).toBeInstanceOf(Float32Array)
  expect(furthest(a.next, b.next)).toBeLessThan(0.05)
  const [halfTable, fullTable] = [half.table(), full.table()]
  halfTable.add(a)
  fullTable.add(b)
  const [one] = await halfTable.step(Int32Array.of(5))
  const [other] = await fullTable.step(Int32Array.of(5))
  expect(furthest(one!, other!)).toBeLessThan(0.05)
  await half.release()
  await full.release()
})
