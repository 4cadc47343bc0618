import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { stepTokens } from '../../src/model/heads/step-tokens.ts'
import { type OpenModel, openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { chooseHead, headReward } from '../../src/score/head.ts'
import { type PlanOptions, planBatches } from '../../src/score/plan.ts'
import { stepTokensOf } from '../../src/setup/step-tokens.ts'
import { type HeadEncoded, headEncoder } from '../../src/text/encode.ts'
import { poolingRules } from '../../src/text/read-index.ts'
import { openRenderer, type Renderer } from '../../src/text/renderer.ts'
import { type OpenTokenizer, openTokenizer } from '../../src/text/tokenizer.ts'
import type { Runner, Sequence, Unscored } from '../../src/types.ts'
import { isUnscored } from '../../src/unscored.ts'

interface Golden {
  readonly kind?: string
  readonly head: string
  readonly double_bos_rule: string
  /** Default: the tokenizer's own. */
  readonly chat_template?: string
  /** Of a head that must be asked for: --step-tokens. */
  readonly step_tokens?: string
  readonly tolerance_advice: { readonly atol: number; readonly rtol: number }
  readonly cases: readonly GoldenCase[]
}
interface GoldenCase {
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
const rawOf = (one: GoldenCase): number[] =>
  [
    one.gating_weights,
    one.total_reward_distribution,
    one.objective_rewards,
    one.gating_output,
    one.reward_quantiles,
  ].flatMap((part) => part ?? [])

/** Texts that the reference raises on, or finds no step in. */
const isUnread = ({ scores }: GoldenCase): boolean => scores === null || scores.length === 0

/** The heads of the goldens by our names: several models have one and the same. */
const OURS: Readonly<Record<string, string>> = {
  inform: 'mlp-score',
  'qwen2-rm': 'mlp-score',
  ultrarm: 'regression-head',
  eurus: 'regression-head',
  ziya: 'value-head',
  reft: 'score',
}

const LAYOUTS: readonly (Pick<PlanOptions, 'layout' | 'batchSize'> & { readonly name: string })[] = [
  { name: 'alone', layout: 'padded', batchSize: 1 },
  { name: 'padded', layout: 'padded', batchSize: 8 },
  { name: 'shared', layout: 'shared', batchSize: 64 },
]

const root = packagePath('test/data/heads')
/** Heads of one text; those that compare two are in pair-heads.test.ts. */
const folders = readdirSync(root, { withFileTypes: true })
  .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
  .filter((name) => readGolden(join(root, name)).kind !== 'pair-head')
const now = new Date('2024-07-26T12:00:00')

describe.each(folders)('%s', (name) => {
  const dir = join(root, name)
  const golden = readGolden(dir)
  let model: OpenModel
  let runner: Runner
  let tokenizer: OpenTokenizer
  let renderer: Renderer
  beforeAll(async () => {
    tokenizer = await openTokenizer(dir, { id: name })
    renderer = await openRenderer(golden.chat_template ?? 'tokenizer', tokenizer, { id: name, now })
    const asked = golden.step_tokens && { head: stepTokens(stepTokensOf(tokenizer, golden.step_tokens)) }
    model = openModel(openCheckpoint(dir), { kind: 'head', device: 'cpu', dtype: 'fp32', ...asked })
    runner = await startSession(model, { rawOutputs: true })
  })
  afterAll(() => runner.release())

  it('is claimed by its own head', () => expect(model.built.head.name).toBe(OURS[golden.head] ?? golden.head))

  /** As a run prepares a text, with the rules of the head. */
  const encoded = (one: GoldenCase, doubleBos: 'repair' | 'keep'): HeadEncoded | Unscored => {
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
      doubleBos,
      steps: steps ?? null,
    })
    return encode({
      prompt: one.messages!.slice(0, -1),
      completions: [{ text: one.messages!.slice(-1) }],
      where: '',
    })[0]!
  }

  /** The first BOS counts once by default; with --herm-compat it is as the model's own pipeline has it. */
  const modes = [
    { mode: 'by default', bos: (): 'repair' => 'repair' },
    { mode: 'with --herm-compat', bos: () => model.built.head.text.hermDoubleBos },
  ]
  describe.each(modes)('$mode', ({ mode, bos }) => {
    const cases = golden.cases.filter((one) => !isUnread(one))

    it("has the reference's tokens, and reads where it reads", () => {
      const masks = golden.double_bos_rule.startsWith('mask') || mode === 'by default'
      for (const one of cases.filter(({ messages }) => messages !== null)) {
        const got = encoded(one, bos())
        if (isUnscored(got)) throw new Error(`${one.id}: ${got.message}`)
        const masked = masks && one.double_bos ? 1 : 0
        expect([...got.ids], one.id).toEqual(one.input_ids.slice(masked))
        expect(got.positionStart, one.id).toBe(masked)
        const places = one.step_positions ?? [one.gating_index, one.read_index].filter((place) => place !== undefined)
        expect(
          Array.from(got.reads, (place) => place + masked),
          one.id,
        ).toEqual(places)
      }
    })

    it.each(LAYOUTS)("gives the reference's scores, $name", async ({ layout, batchSize }) => {
      const sequences = cases.map((one): Sequence => {
        const got = encoded(one, bos())
        if (isUnscored(got)) throw new Error(`${one.id}: ${got.message}`)
        return { ids: got.ids, typeIds: null, positionStart: got.positionStart, reads: got.reads, group: 0 }
      })
      const { atol, rtol } = golden.tolerance_advice
      let measured = 0
      for (const batch of planBatches(sequences, { layout, batchSize, packed: true, batchTokens: 4096 })) {
        const outputs = await runner.run(batch, sequences)
        batch.sequences.forEach((index, i) => {
          const { id, logits, scores, double_bos, scores_with_double_bos_masking: masked } = cases[index]!
          const got = [...outputs[i]!]
          const otherwise = double_bos && masked !== undefined && mode === 'by default'
          const wanted = otherwise ? masked : scores!
          const raw = rawOf(cases[index]!)
          const expected = [...(logits ?? wanted), ...(otherwise ? [] : raw)]
          expect(got).toHaveLength((logits ?? wanted).length + raw.length)
          if (logits !== undefined) {
            got.push(headReward(got, chooseHead('softmax:1', model.built.head.labels))!)
            expected.push(...wanted)
          }
          for (const [l, want] of expected.entries())
            expect(Math.abs(got[l]! - want), `${id}: ${got[l]} for ${want}`).toBeLessThanOrEqual(
              atol + rtol * Math.abs(want),
            )
          measured++
        })
      }
      expect(measured).toBe(cases.length)
    })
  })

  const unread = golden.cases.filter(isUnread)
  if (unread.length > 0)
    it('says where there is nothing to read', () => {
      const encode = (part: string) => tokenizer.encode(part, { addSpecialTokens: false }).ids
      const facts = { padTokenId: model.description.padTokenId, encode }
      for (const one of unread)
        expect(model.built.head.reads!(Int32Array.from(one.input_ids), facts), one.id).toMatchObject({
          reason: one.scores === null ? 'no_assistant_turn' : 'no_steps',
        })
    })
})

function readGolden(dir: string): Golden {
  const plain = join(dir, 'golden.json')
  const text = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`))
  return JSON.parse(text.toString('utf8')) as Golden
}
