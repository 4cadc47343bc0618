import { describe, expect, it } from 'vitest'
import { type RunJson, runRecord } from '../../src/cli/manifest.ts'
import { renderReport } from '../../src/report/html/report.ts'
import { demoInput } from './demo-input.ts'

/** As much of run.json as says what a score is. */
const scaleOf = (config: object, models: number, score = 'raw output of label 0 (LABEL_0)') =>
  runRecord(
    {
      config,
      models: Array.from({ length: models }, (_, i) => ({ name: `m${i}`, adapter: null, dtype: 'fp32' })),
      score,
      dataset: { name: 'd' },
      device: null,
      seed: 0,
      versions: {},
      repairs: {},
      warnings: [],
      methods: { remarks: [] },
      verification: null,
    } as unknown as RunJson,
    { truncations: 0 },
  ).scale

describe('the unit of a score', () => {
  it('is nats for implicit rewards, with their β, and for log-probabilities; a raw output has none', () => {
    const dpo = { bin: 'run-dpo', beta: 0.25, refFreeType: 'avg' }
    expect(scaleOf(dpo, 2)).toEqual({ name: 'implicit reward, β = 0.25', unit: 'nats' })
    expect(scaleOf(dpo, 1)).toEqual({ name: 'mean log-probability of the policy', unit: 'nats per token' })
    expect(scaleOf({ ...dpo, refFreeType: 'sum' }, 1)).toEqual({
      name: 'log-probability of the policy',
      unit: 'nats',
    })
    expect(scaleOf({ ...dpo, refFreeType: 'norm' }, 1)?.unit).toBe('nats')
    expect(scaleOf({ bin: 'run-rm' }, 1)).toBeUndefined()
    expect(scaleOf({ bin: 'run-rm' }, 1, 'softmax probability of label 1 (yes)')).toEqual({
      name: 'softmax probability',
      unit: null,
    })
  })

  it('stands at the axes of scores, margins and lengths, wide and narrow, and above the rows', () => {
    const input = demoInput()
    const run = { ...input.run, scale: { name: 'implicit reward, β = 0.25', unit: 'nats' } }
    const html = renderReport({ ...input, run })
    const figure = (id: string) => new RegExp(`<figure id="fig-${id}">.*?<figcaption>`, 's').exec(html)![0]
    expect(figure('scores-by-role').match(/>implicit reward, β = 0\.25 \(nats\)</g)).toHaveLength(2)
    expect(figure('scores-by-verdict')).toContain('>implicit reward, β = 0.25 (nats)<')
    expect(figure('margins')).toContain('>← rejected scored higher · margin (nats) · chosen scored higher →<')
    expect(figure('margins')).toContain('>← rejected · margin (nats) · chosen →<')
    expect(figure('length-and-margin')).toContain('>margin (nats)<')
    expect(html).toContain('A score is the implicit reward, β = 0.25, in nats.')
    expect(renderReport(input)).not.toContain('nats)')
  })
})
