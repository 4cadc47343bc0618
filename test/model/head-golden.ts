import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { stepTokens } from '../../src/model/heads/step-tokens.ts'
import { type OpenModel, openModel } from '../../src/model/open.ts'
import { packagePath } from '../../src/package.ts'
import { chooseHead, headReward } from '../../src/score/head.ts'
import { stepTokensOf } from '../../src/setup/step-tokens.ts'
import { type HeadEncoded, headEncoder } from '../../src/text/encode.ts'
import { poolingRules } from '../../src/text/read-index.ts'
import { openRenderer, type Renderer } from '../../src/text/renderer.ts'
import { type OpenTokenizer, openTokenizer } from '../../src/text/tokenizer.ts'
import type { Runner, Sequence, Unscored } from '../../src/types.ts'
import { isUnscored } from '../../src/unscored.ts'
import { type Compared, type Layout, outputsOf } from './compared.ts'
import { PAIR_HEADS } from './pair-golden.ts'

/** One model of test/data/heads and what its own class says about it, from texts on. */
export interface HeadGolden {
  readonly head: string
  readonly double_bos_rule: string
  /** Default: the tokenizer's own. */
  readonly chat_template?: string
  /** Of a head that must be asked for: --step-tokens. */
  readonly step_tokens?: string
  readonly tolerance_advice: { readonly atol: number; readonly rtol: number }
  readonly cases: readonly HeadCase[]
}
export interface HeadCase {
  readonly id: string
  readonly messages: readonly { readonly role: string; readonly content: string }[] | null
  readonly input_ids: readonly number[]
  readonly attention_mask: readonly number[]
  readonly truncation: { readonly max_length: number; readonly side: 'left' | 'right' } | null
  readonly double_bos: boolean
  readonly scores: readonly number[] | null
  /** Raw outputs of a classifier whose reward is a probability. */
  readonly logits?: readonly number[]
  readonly scores_with_double_bos_masking?: readonly number[]
  readonly read_index?: number
  readonly gating_index?: number
  /** Of a process head. */
  readonly step_positions?: readonly number[]
  readonly objective_rewards?: readonly number[]
  readonly gating_output?: readonly number[]
  readonly reward_quantiles?: readonly number[]
  readonly gating_weights?: readonly number[]
  readonly total_reward_distribution?: readonly number[]
}

/** What the reference gives on the way to a score, in the order of our raw outputs. */
const rawOf = (one: HeadCase): number[] =>
  [
    one.gating_weights,
    one.total_reward_distribution,
    one.objective_rewards,
    one.gating_output,
    one.reward_quantiles,
  ].flatMap((part) => part ?? [])

/** Texts that the reference raises on, or finds no step in. */
export const isUnread = ({ scores }: HeadCase): boolean => scores === null || scores.length === 0

const root = packagePath('test/data/heads')
/** Heads of one text; those that compare two are in pair-golden.ts. */
export const headGoldens = (): string[] =>
  readdirSync(root, { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    .filter((name) => !PAIR_HEADS.some((pair) => pair === name))

export function readHeadGolden(name: string): HeadGolden {
  const plain = join(root, name, 'golden.json')
  const text = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`))
  return JSON.parse(text.toString('utf8')) as HeadGolden
}

/** Whether the first BOS counts once (the default), or is as the model's own pipeline has it. */
export type Mode = 'by default' | 'with --herm-compat'
export const MODES: readonly Mode[] = ['by default', 'with --herm-compat']

export interface OpenHeadGolden {
  readonly golden: HeadGolden
  readonly model: OpenModel
  readonly tokenizer: OpenTokenizer
  readonly renderer: Renderer
}

export async function openHeadGolden(name: string): Promise<OpenHeadGolden> {
  const dir = join(root, name)
  const golden = readHeadGolden(name)
  const tokenizer = await openTokenizer(dir, { id: name })
  const now = new Date('2024-07-26T12:00:00')
  const renderer = await openRenderer(golden.chat_template ?? 'tokenizer', tokenizer, { id: name, now })
  const asked = golden.step_tokens && { head: stepTokens(stepTokensOf(tokenizer, golden.step_tokens)) }
  const model = openModel(openCheckpoint(dir), { kind: 'head', device: 'cpu', dtype: 'fp32', ...asked })
  return { golden, model, tokenizer, renderer }
}

/** A text as a run prepares it, with the rules of the head. */
export function encoded({ model, tokenizer, renderer }: OpenHeadGolden, one: HeadCase, mode: Mode): HeadEncoded {
  const { text, reads, steps } = model.built.head
  const { padTokenId } = model.description
  const facts = { padTokenId, encode: (part: string) => tokenizer.encode(part, { addSpecialTokens: false }).ids }
  const encode = headEncoder(tokenizer, renderer, {
    maxLength: one.truncation?.max_length ?? null,
    truncation: one.truncation?.side ?? 'skip',
    stripReasoning: false,
    hermCompat: false,
    ...(reads === null ? poolingRules('hf', padTokenId) : { reads: (ids) => reads(ids, facts), other: null }),
    addSpecialTokens: text.addSpecialTokens,
    appendId: text.appendId,
    doubleBos: mode === 'by default' ? 'repair' : text.hermDoubleBos,
    steps: steps ?? null,
  })
  const row = { prompt: one.messages!.slice(0, -1), completions: [{ text: one.messages!.slice(-1) }], where: '' }
  const got: HeadEncoded | Unscored = encode(row)[0]!
  if (isUnscored(got)) throw new Error(`${one.id}: ${got.message}`)
  return got
}

/** Every case that is read, laid out in one way. */
export async function compareHead(
  open: OpenHeadGolden,
  runner: Runner,
  mode: Mode,
  layout: Layout,
): Promise<Compared[]> {
  const cases = open.golden.cases.filter((one) => !isUnread(one))
  const sequences = cases.map((one): Sequence => {
    const { ids, positionStart, reads } = encoded(open, one, mode)
    return { ids, typeIds: null, positionStart, reads, group: 0 }
  })
  const outputs = await outputsOf(runner, sequences, layout, { packed: true })
  return cases.map((one, i) => {
    const { id, logits, scores, double_bos, scores_with_double_bos_masking: masked } = one
    const otherwise = double_bos && masked !== undefined && mode === 'by default'
    const wanted = otherwise ? masked : scores!
    const expected = [...(logits ?? wanted), ...(otherwise ? [] : rawOf(one))]
    const got = [...outputs[i]!]
    if (otherwise) got.splice(expected.length, rawOf(one).length)
    if (logits !== undefined) {
      got.push(headReward(got, chooseHead('softmax:1', open.model.built.head.labels))!)
      expected.push(...wanted)
    }
    return { label: id, got, expected }
  })
}
