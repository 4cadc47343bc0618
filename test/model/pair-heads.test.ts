import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { letters } from '../../src/model/heads/letters.ts'
import { type OpenModel, openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { type PlanOptions, planBatches } from '../../src/score/plan.ts'
import { lettersOf } from '../../src/setup/letters.ts'
import { type CompareOptions, comparisonEncoder } from '../../src/text/compare.ts'
import type { HeadEncoded } from '../../src/text/encode.ts'
import { openRenderer, type Renderer } from '../../src/text/renderer.ts'
import { type OpenTokenizer, openTokenizer } from '../../src/text/tokenizer.ts'
import type { Comparison, Message, Row, Runner, Sequence } from '../../src/types.ts'
import { isUnscored } from '../../src/unscored.ts'

/** Heads that compare two answers, against the peer's class and pipeline: ids and places of both orders, and what the model says of each. */
interface Order {
  readonly input_ids: readonly number[]
  readonly read_index: number | { readonly source: number; readonly candidate1: number; readonly candidate2: number }
  readonly logit?: number
  readonly logit_A?: number
  readonly logit_B?: number
}
interface Case {
  readonly id: string
  readonly messages_a: readonly Message[]
  readonly messages_b: readonly Message[]
  readonly limits?: { readonly source_max_length: number; readonly candidate_max_length: number } | null
  readonly ab: Order
  readonly ba: Order
}
interface Golden {
  readonly tolerance_advice: { readonly atol: number; readonly rtol: number; readonly logit_atol?: number }
  readonly cases: readonly Case[]
}

const LAYOUTS: readonly (Omit<PlanOptions, 'batchTokens'> & { readonly name: string })[] = [
  { name: 'alone', layout: 'padded', batchSize: 1, packed: true },
  { name: 'padded', layout: 'padded', batchSize: 8, packed: true },
  { name: 'shared', layout: 'shared', batchSize: 64, packed: true },
]

const rowOf = ({ id, messages_a, messages_b }: Case): Row => ({
  kind: 'pair',
  id,
  subset: '',
  problemType: null,
  prompt: messages_a.slice(0, -1),
  completions: [
    { role: 'chosen', index: 0, text: messages_a.slice(-1) },
    { role: 'rejected', index: 0, text: messages_b.slice(-1) },
  ],
  solution: null,
  where: 'golden',
  extra: {},
})

describe.each(['pairrm', 'pair-preference'])('%s', (name) => {
  const dir = packagePath('test/data/heads', name)
  const golden = JSON.parse(gunzipSync(readFileSync(join(dir, 'golden.json.gz'))).toString('utf8')) as Golden
  let model: OpenModel
  let runner: Runner
  let tokenizer: OpenTokenizer
  let renderer: Renderer
  beforeAll(async () => {
    tokenizer = await openTokenizer(dir, { id: name })
    renderer = await openRenderer(name === 'pairrm' ? 'pair' : 'tokenizer', tokenizer, { id: name, now: new Date(0) })
    const head = name === 'pairrm' ? {} : { head: letters(lettersOf(tokenizer)) }
    model = openModel(openCheckpoint(dir), { kind: 'head', device: 'cpu', dtype: 'fp32', ...head })
    runner = await startSession(model)
  })
  afterAll(() => runner.release())

  /** As a run prepares them, with the limits of the case. */
  const encoded = (one: Case): HeadEncoded[] => {
    const rule = model.head.compares!
    const limits = one.limits ?? null
    const limit = limits === null ? null : limits.source_max_length + 2 * limits.candidate_max_length
    const used: Comparison =
      rule.kind === 'marks' && limits !== null && limit !== null
        ? { ...rule, sourceLimit: limits.source_max_length, limit }
        : rule
    const options: CompareOptions = {
      maxLength: limit ?? (rule.kind === 'marks' ? rule.limit : 512),
      truncation: limit === null ? 'skip' : 'right',
      stripReasoning: false,
    }
    return comparisonEncoder(tokenizer, renderer, used, options)
      .encode(rowOf(one))
      .map((got) => {
        if (isUnscored(got)) throw new Error(`${one.id}: ${got.message}`)
        return got
      })
  }

  it("has the reference's tokens in both orders, and reads where it reads", () => {
    for (const one of golden.cases)
      for (const [i, { input_ids, read_index: at }] of [one.ab, one.ba].entries()) {
        const got = encoded(one)[i]!
        expect([...got.ids], one.id).toEqual(input_ids)
        expect([...got.reads], one.id).toEqual(
          typeof at === 'number' ? [at] : [at.source, at.candidate1, at.candidate2],
        )
        expect(got.truncated, one.id).toBe(one.limits ? 'right' : 'no')
      }
    expect(golden.cases.filter(({ limits }) => limits)).toHaveLength(name === 'pairrm' ? 3 : 0)
  })

  // an encoder shares no prefix
  const layouts = LAYOUTS.filter(({ layout }) => layout === 'padded' || name !== 'pairrm')
  it.each(layouts)("gives the reference's logits in both orders, $name", async ({ name: _, ...layout }) => {
    const sequences: Sequence[] = golden.cases.flatMap((one, group) => encoded(one).map((got) => ({ ...got, group })))
    const wanted = golden.cases.flatMap(({ ab, ba }) => [ab, ba].map((o) => o.logit ?? o.logit_A! - o.logit_B!))
    const { atol, rtol, logit_atol } = golden.tolerance_advice
    let measured = 0
    for (const batch of planBatches(sequences, { ...layout, batchTokens: 4096 })) {
      const outputs = await runner.run(batch, sequences)
      for (const [i, index] of batch.sequences.entries()) {
        const [want, got] = [wanted[index]!, [...outputs[i]!]]
        expect(got).toHaveLength(1)
        expect(Math.abs(got[0]! - want), `${index}: ${got} for ${want}`).toBeLessThanOrEqual(
          (logit_atol ?? atol) + rtol * Math.abs(want),
        )
        measured++
      }
    }
    expect(measured).toBe(2 * golden.cases.length)
  })
})
