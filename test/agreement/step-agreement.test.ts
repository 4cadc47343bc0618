import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type JudgedSteps, stepAgreement, stepVerdictShares } from '../../src/agreement/step-agreement.ts'

const { rows, expected } = JSON.parse(readFileSync('test/data/steps/agreement.json', 'utf8')) as {
  readonly rows: readonly JudgedSteps[]
  readonly expected: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>> & {
    readonly shares: Readonly<Record<string, number>>
  }
}
const SETTINGS = { seed: 0, resamples: 200 }

describe.each([
  ['probabilities', true],
  ['scores', false],
] as const)('%s, against scikit-learn and SciPy', (name, probabilities) => {
  const found = stepAgreement(rows, { probabilities }, SETTINGS)
  const of = (subset: string, statistic: string) =>
    found.find((one) => one.subset === subset && one.statistic === statistic)

  it.each(Object.keys(expected[name]!))('subset %s', (subset) => {
    const { n, ...values } = expected[name]![subset]!
    for (const [statistic, value] of Object.entries(values)) {
      const got = of(subset, statistic)
      // of one kind of claim the first wrong step is not the reasoning's
      if (subset.startsWith('claim:') && /first_error|no_error|process_bench/.test(statistic)) {
        expect(got).toBeUndefined()
        continue
      }
      expect(got?.scope).toBe('step_verdicts')
      expect(Math.abs(got!.value! - value), `${subset} ${statistic} ${got!.value} ${value}`).toBeLessThan(
        1e-9 * Math.max(1, Math.abs(value)),
      )
      if (statistic === 'auroc') expect(got!.n).toBe(n)
    }
  })

  it('intervals resample prompts and enclose the value', () => {
    const { ciLow, ciHigh, value, clusters, ciMethod } = of('all', 'auroc')!
    expect(ciLow!).toBeLessThan(value!)
    expect(ciHigh!).toBeGreaterThan(value!)
    expect(clusters).toBeLessThanOrEqual(30)
    expect(ciMethod).toContain('cluster bootstrap')
  })
})

it('accuracy and the first wrong step are told of probabilities alone', () => {
  const names = new Set(stepAgreement(rows, { probabilities: false }, SETTINGS).map(({ statistic }) => statistic))
  for (const name of ['step_accuracy', 'first_error_found', 'no_error_seen', 'process_bench_f1'])
    expect(names.has(name)).toBe(false)
  const suffixed = stepAgreement(rows, { probabilities: false, suffix: '_reward' }, SETTINGS)
  expect(suffixed.every(({ statistic }) => statistic.endsWith('_reward'))).toBe(true)
})

it('shares of steps', () => {
  const { decided, passed } = stepVerdictShares(rows, SETTINGS)
  expect(decided.statistics[0]).toMatchObject({ statistic: 'step_decided_rate', scope: 'step_verdicts', subset: 'all' })
  expect(decided.statistics[0]!.value).toBeCloseTo(expected.shares.step_decided_rate!, 12)
  expect(passed.statistics[0]!.value).toBeCloseTo(expected.shares.step_pass_rate!, 12)
})

const one = (verdict: 'pass' | 'fail' | 'unverifiable', reward: number | null): JudgedSteps => ({
  id: 'a',
  subset: '',
  cluster: 'x',
  steps: [{ verdict, claims: verdict === 'unverifiable' ? [] : [{ kind: 'formula', outcome: verdict }], reward }],
})
it.each([
  ['nothing decided', [one('unverifiable', 0.5)], 'auroc', 'no_scored_and_verified_completion'],
  ['one class', [one('pass', 0.5), one('pass', 0.6)], 'auroc', 'one_class'],
  ['no rewards', [one('pass', null), one('fail', null)], 'step_accuracy', 'no_scored_steps'],
  ['no wrong reasoning', [one('pass', 0.9)], 'first_error_found', 'no_wrong_reasoning'],
  ['no rows', [], 'auroc', 'no_scored_and_verified_completion'],
] as const)('%s: absent, with a reason', (_, given, name, reason) => {
  const found = stepAgreement(given, { probabilities: true }, SETTINGS).find(
    ({ statistic, subset }) => statistic === name && subset === 'all',
  )
  expect(found).toMatchObject({ value: null, ciLow: null, reason })
})
