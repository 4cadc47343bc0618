import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { letters } from '../../src/model/heads/letters.ts'
import { type OpenModel, openModel } from '../../src/model/open.ts'
import { packagePath } from '../../src/package.ts'
import { lettersOf } from '../../src/setup/letters.ts'
import { type CompareOptions, comparisonEncoder } from '../../src/text/compare.ts'
import type { HeadEncoded } from '../../src/text/encode.ts'
import { openRenderer, type Renderer } from '../../src/text/renderer.ts'
import { type OpenTokenizer, openTokenizer } from '../../src/text/tokenizer.ts'
import type { Comparison, Message, Row, Runner } from '../../src/types.ts'
import { isUnscored } from '../../src/unscored.ts'
import { type Compared, type Layout, outputsOf } from './compared.ts'

/** Heads that compare two answers, against the peer's class and pipeline: ids and places of both orders, and what the model says of each. */
export const PAIR_HEADS = ['pairrm', 'pair-preference'] as const

interface Order {
  readonly input_ids: readonly number[]
  readonly read_index: number | { readonly source: number; readonly candidate1: number; readonly candidate2: number }
  readonly logit?: number
  readonly logit_A?: number
  readonly logit_B?: number
}
export interface PairCase {
  readonly id: string
  readonly messages_a: readonly Message[]
  readonly messages_b: readonly Message[]
  readonly limits?: { readonly source_max_length: number; readonly candidate_max_length: number } | null
  readonly ab: Order
  readonly ba: Order
}
export interface PairGolden {
  readonly tolerance_advice: { readonly atol: number; readonly rtol: number; readonly logit_atol?: number }
  readonly cases: readonly PairCase[]
}

const rowOf = ({ id, messages_a, messages_b }: PairCase): Row => ({
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

export interface OpenPairGolden {
  readonly golden: PairGolden
  readonly model: OpenModel
  readonly tokenizer: OpenTokenizer
  readonly renderer: Renderer
}

export async function openPairGolden(name: (typeof PAIR_HEADS)[number]): Promise<OpenPairGolden> {
  const dir = packagePath('test/data/heads', name)
  const golden = JSON.parse(gunzipSync(readFileSync(join(dir, 'golden.json.gz'))).toString('utf8')) as PairGolden
  const tokenizer = await openTokenizer(dir, { id: name })
  const choice = name === 'pairrm' ? 'pair' : 'tokenizer'
  const renderer = await openRenderer(choice, tokenizer, { id: name, now: new Date(0) })
  const head = name === 'pairrm' ? {} : { head: letters(lettersOf(tokenizer)) }
  const model = openModel(openCheckpoint(dir), { kind: 'head', device: 'cpu', dtype: 'fp32', ...head })
  return { golden, model, tokenizer, renderer }
}

/** As a run prepares them, with the limits of the case. */
export function encodedPair({ model, tokenizer, renderer }: OpenPairGolden, one: PairCase): HeadEncoded[] {
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

/** Of PairRM the limit that its golden gives; of letters that of a difference of two logits. */
export const pairBound = ({ tolerance_advice: { atol, rtol, logit_atol } }: PairGolden) => ({
  atol: logit_atol ?? atol,
  rtol,
})

/** Both orders of every case, laid out in one way. */
export async function comparePair(open: OpenPairGolden, runner: Runner, layout: Layout): Promise<Compared[]> {
  const { cases } = open.golden
  const sequences = cases.flatMap((one, group) => encodedPair(open, one).map((got) => ({ ...got, group })))
  const outputs = await outputsOf(runner, sequences, layout, { packed: true })
  return cases.flatMap(({ id, ab, ba }, i) =>
    [ab, ba].map((order, k) => ({
      label: `${id}, ${k === 0 ? 'ab' : 'ba'}`,
      got: [...outputs[2 * i + k]!],
      expected: [order.logit ?? order.logit_A! - order.logit_B!],
    })),
  )
}
