import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSession } from '../../src/model/session.ts'
import type { Runner } from '../../src/types.ts'
import { LAYOUTS } from './compared.ts'
import {
  compareHead,
  encoded,
  headGoldens,
  isUnread,
  MODES,
  type OpenHeadGolden,
  openHeadGolden,
  readHeadGolden,
} from './head-golden.ts'

/** The heads of the goldens by our names: several models have one and the same. */
const OURS: Readonly<Record<string, string>> = {
  inform: 'mlp-score',
  'qwen2-rm': 'mlp-score',
  ultrarm: 'regression-head',
  eurus: 'regression-head',
  ziya: 'value-head',
  reft: 'score',
}

describe.each(headGoldens())('%s', (name) => {
  const golden = readHeadGolden(name)
  let open: OpenHeadGolden
  let runner: Runner
  beforeAll(async () => {
    open = await openHeadGolden(name)
    runner = await startSession(open.model, { rawOutputs: true })
  })
  afterAll(() => runner.release())

  it('is claimed by its own head', () => expect(open.model.built.head.name).toBe(OURS[golden.head] ?? golden.head))

  describe.each(MODES)('%s', (mode) => {
    const cases = golden.cases.filter((one) => !isUnread(one))

    it("has the reference's tokens, and reads where it reads", () => {
      const masks = golden.double_bos_rule.startsWith('mask') || mode === 'by default'
      for (const one of cases.filter(({ messages }) => messages !== null)) {
        const got = encoded(open, one, mode)
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

    it.each(LAYOUTS)("gives the reference's scores, $name", async (layout) => {
      const { atol, rtol } = golden.tolerance_advice
      const compared = await compareHead(open, runner, mode, layout)
      expect(compared).toHaveLength(cases.length)
      for (const { label, got, expected } of compared) {
        expect(got, label).toHaveLength(expected.length)
        for (const [l, want] of expected.entries())
          expect(Math.abs(got[l]! - want), `${label}: ${got[l]} for ${want}`).toBeLessThanOrEqual(
            atol + rtol * Math.abs(want),
          )
      }
    })
  })

  const unread = golden.cases.filter(isUnread)
  if (unread.length > 0)
    it('says where there is nothing to read', () => {
      const { model, tokenizer } = open
      const encode = (part: string) => tokenizer.encode(part, { addSpecialTokens: false }).ids
      const facts = { padTokenId: model.description.padTokenId, encode }
      for (const one of unread)
        expect(model.built.head.reads!(Int32Array.from(one.input_ids), facts), one.id).toMatchObject({
          reason: one.scores === null ? 'no_assistant_turn' : 'no_steps',
        })
    })
})
