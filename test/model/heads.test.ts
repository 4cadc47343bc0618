import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import type { TextFacts } from '../../src/model/heads/head.ts'
import { type OpenModel, openModel } from '../../src/model/open.ts'
import { startSession } from '../../src/model/session.ts'
import { packagePath } from '../../src/package.ts'
import { planBatches } from '../../src/score/plan.ts'
import { type OpenTokenizer, openTokenizer } from '../../src/text/tokenizer.ts'
import type { Runner, Sequence } from '../../src/types.ts'

interface Golden {
  readonly head: string
  readonly tolerance_advice: { readonly atol: number; readonly rtol: number }
  readonly cases: readonly {
    readonly id: string
    readonly text: string
    readonly truncation: object | null
    readonly input_ids: readonly number[]
    readonly double_bos: boolean
    readonly scores: readonly number[] | null
    readonly scores_with_double_bos_masking?: readonly number[]
    readonly read_index?: number
    readonly gating_index?: number
  }[]
}

const root = packagePath('test/data/heads')
const folders = readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))

describe.each(folders)('%s', (name) => {
  const dir = join(root, name)
  const golden = JSON.parse(readFileSync(join(dir, 'golden.json'), 'utf8')) as Golden
  let model: OpenModel
  let runner: Runner
  let tokenizer: OpenTokenizer
  beforeAll(async () => {
    tokenizer = await openTokenizer(dir, { id: name })
    model = openModel(openCheckpoint(dir), { kind: 'head', device: 'cpu', dtype: 'fp32' })
    runner = await startSession(model)
  })
  afterAll(() => runner.release())
  const facts = (): TextFacts => ({
    padTokenId: model.description.padTokenId,
    encode: (text) => tokenizer.encode(text, { addSpecialTokens: false }).ids,
  })

  it('is claimed by its own head', () => expect(model.built.head.name).toBe(golden.head))

  it('reads where the reference reads, and says where there is nothing to read', () => {
    for (const one of golden.cases) {
      const reads = model.built.head.reads!(Int32Array.from(one.input_ids), facts())
      const places = [one.gating_index, one.read_index].filter((place) => place !== undefined)
      if (one.scores === null) expect(reads, one.id).toMatchObject({ reason: 'no_assistant_turn' })
      else expect([...(reads as Int32Array)], one.id).toEqual(places)
    }
    expect(golden.cases.some(({ scores }) => scores === null)).toBe(golden.head === 'armorm')
  })

  it('has the tokens of the reference', () => {
    const { addSpecialTokens, appendId } = model.built.head.text
    for (const { id, text, input_ids, truncation } of golden.cases) {
      if (truncation !== null) continue
      const { ids } = tokenizer.encode(text, { addSpecialTokens })
      const complete = appendId === null || ids.at(-1) === appendId ? [...ids] : [...ids, appendId]
      expect(complete, id).toEqual(input_ids)
    }
  })

  it.each(['alone', 'shared'] as const)("gives the reference's scores, %s", async (layout) => {
    const bos: number[] = []
    const cases = golden.cases.filter(({ scores }) => scores !== null)
    const sequences = cases.map((one, group): Sequence => {
      const ids = Int32Array.from(one.input_ids)
      const dropped = one.double_bos ? 1 : 0
      bos.push(dropped)
      const reads = (model.built.head.reads!(ids, facts()) as Int32Array).map((place) => place - dropped)
      return {
        ids: ids.subarray(dropped),
        typeIds: null,
        positionStart: dropped,
        reads,
        group: layout === 'alone' ? group : 0,
      }
    })
    const options = { layout: layout === 'alone' ? 'padded' : 'shared', packed: true, batchTokens: 4096 } as const
    let measured = 0
    for (const batch of planBatches(sequences, { ...options, batchSize: layout === 'alone' ? 1 : 64 })) {
      const outputs = await runner.run(batch, sequences)
      batch.sequences.forEach((index, i) => {
        const { scores, scores_with_double_bos_masking: masked } = cases[index]!
        const [want] = (bos[index] === 1 ? masked : scores)!
        expect(outputs[i]).toHaveLength(1)
        const { atol, rtol } = golden.tolerance_advice
        expect(Math.abs(outputs[i]![0]! - want!), cases[index]!.id).toBeLessThanOrEqual(atol + rtol * Math.abs(want!))
        measured++
      })
    }
    expect(measured).toBe(cases.length)
  })
})
