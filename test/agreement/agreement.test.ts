import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { AGREEMENT_COLUMNS, agreement, agreementRow } from '../../src/agreement/agreement.ts'
import { smilesTraits, taggedAnswer } from '../../src/agreement/answer.ts'
import { baselineWarningLines, fewPromptsLine } from '../../src/agreement/baselines.ts'
import { fitTemperature } from '../../src/agreement/calibration.ts'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import { STATISTIC_MEANINGS } from '../../src/agreement/codebook/statistics.ts'
import { drift } from '../../src/agreement/drift.ts'
import { mineHacks } from '../../src/agreement/hacking.ts'
import { hermEvalSet, hermEvalSetScores } from '../../src/agreement/herm.ts'
import { methods } from '../../src/agreement/methods.ts'
import { packagePath } from '../../src/package.ts'
import type { ScoredPair, Statistic } from '../../src/types.ts'
import { expectReference } from '../stats/golden.ts'
import { demoPairs, rmScores } from './demo.ts'

const reference = JSON.parse(readFileSync(packagePath('test/data/stats/demo-agreement.json'), 'utf8')) as {
  statistics: { scope: string; subset: string; statistic: string; value: number | null; n: number; clusters: number }[]
  intervals: Record<string, [number, number]>
}
const demo = demoPairs(rmScores())
let result: ReturnType<typeof agreement>
beforeAll(() => {
  result = agreement(demo.pairs, demo.completions, { parses: (s) => s.length > 3 })
})
const find = (scope: string, subset: string, statistic: string): Statistic =>
  result.statistics.find((s) => s.scope === scope && s.subset === subset && s.statistic === statistic)!

describe('agreement on the demo pairs', () => {
  it('equals pandas, scipy, scikit-learn and statsmodels, overall and by subset', () => {
    expect(reference.statistics.length).toBeGreaterThan(100)
    for (const want of reference.statistics) {
      const got = find(want.scope, want.subset, want.statistic)
      const label = `${want.scope} ${want.subset} ${want.statistic}`
      expect(got, label).toBeDefined()
      expectReference(got.value, want.value ?? 'NaN', label)
      expect([got.n, got.clusters], label).toEqual([want.n, want.clusters])
    }
  })
  it('has intervals that an independent bootstrap gives, up to the noise of other draws', () => {
    for (const [name, [low, high]] of Object.entries(reference.intervals)) {
      const got = find(name === 'auroc' ? 'completions' : 'pairs', 'all', name)
      expect(Math.abs(got.ciLow! - low), name).toBeLessThan(0.006)
      expect(Math.abs(got.ciHigh! - high), name).toBeLessThan(0.006)
    }
  })
  it('is tidy: a value or a reason, never both; an interval around the value; every word in the codebook', () => {
    for (const s of result.statistics) {
      expect(s.value === null, JSON.stringify(s)).toBe(s.reason !== null)
      if (s.value === null) expect([s.ciLow, s.ciHigh, s.ciMethod]).toEqual([null, null, null])
      if (s.ciLow !== null) expect(s.ciLow <= s.value! && s.value! <= s.ciHigh!, JSON.stringify(s)).toBe(true)
      // an interval has a method, and where there is none the method says why
      if (s.value !== null) expect(s.ciMethod!.startsWith('none: '), JSON.stringify(s)).toBe(s.ciLow === null)
      expect(s.clusters, JSON.stringify(s)).toBeLessThanOrEqual(s.n)
      expect(STATISTIC_MEANINGS).toHaveProperty([s.statistic])
      expect(agreementRow(s)).toHaveLength(AGREEMENT_COLUMNS.length)
    }
    expect(undocumented({ 'agreement.csv': AGREEMENT_COLUMNS })).toEqual([])
    const keys = result.statistics.map((s) => `${s.scope}|${s.subset}|${s.statistic}`)
    expect(new Set(keys).size).toBe(keys.length)
  })
  it('is the same for the same seed', () => {
    const again = agreement(demo.pairs, demo.completions, { parses: (s) => s.length > 3 })
    expect(again).toEqual(result)
  })
  it('has every baseline, and warns where one is as good as the model', () => {
    for (const name of ['longest', 'shortest', 'constant', 'random', 'answer_tag', 'smiles_parses'])
      expect(find(`null:${name}`, 'all', 'accuracy_half'), name).toBeDefined()
    expect(find('null:constant', 'all', 'auroc').value).toBe(0.5)
    expect(result.warnings).toEqual([])
    // A model that prefers the shorter text is beaten by "longest", whose accuracy is 0.62.
    const scores = Object.fromEntries(
      demo.pairs.map((p) => [p.id, [-p.chosen.text.length, -p.rejected.text.length] as const]),
    )
    const short = demoPairs(scores)
    const { warnings } = agreement(short.pairs, short.completions, { resamples: 200 })
    expect(warnings.map((w) => w.scorer)).toContain('longest')
    // one line: each null once, with n, and how sure it is
    const lines = baselineWarningLines(warnings)
    expect(lines).toHaveLength(2)
    const better = lines.find((line) => line.includes('better than the model'))!
    expect(better).toMatch(
      /^\d baselines do better than the model on 300 pairs of 299 prompts \(model minus baseline in points, 95 % interval\): /,
    )
    expect(better).toMatch(/longest \(the longer text\) -24\.0 \(-\d+\.\d to -\d+\.\d\)/)
    expect(lines.find((line) => line !== better)).toBe(
      'the model is not distinguishable from 1 baseline on 300 pairs of 299 prompts (model minus baseline in points, 95 % interval): shortest (the shorter text) 0.0 (no interval)',
    )
    const same = warnings.map((w) => ({ ...w, found: 'better' as const, lead: '-1.0 (-2.0 to 0.0)' }))
    expect(baselineWarningLines(same)[0]!.split('-1.0 (')).toHaveLength(2)
  })
  it('says no more of a baseline than the paired interval does', () => {
    // a coin with some luck: above chance, and the interval has 0
    const flips = Object.fromEntries(
      demo.pairs.map((p, i) => [p.id, [i % 2 === 0 || i % 41 === 1 ? 1 : 0, 0.5] as const]),
    )
    const coin = demoPairs(flips)
    const found = agreement(coin.pairs, coin.completions, { resamples: 500 })
    const difference = found.statistics.find((s) => s.scope === 'null:constant' && s.statistic === 'model_minus_null')!
    expect(difference.value).toBeGreaterThan(0)
    expect(difference.ciLow).toBeLessThan(0)
    const line = baselineWarningLines(found.warnings).find((text) => text.includes('constant'))!
    expect(line).toMatch(/^the model is not distinguishable from \d baselines? on 300 pairs of 299 prompts /)
    // and every baseline is in the list exactly where its interval does not lie above 0
    for (const { scope, value, ciLow } of found.statistics.filter((s) => s.statistic === 'model_minus_null'))
      expect(
        found.warnings.some(({ scorer }) => `null:${scorer}` === scope),
        scope,
      ).toBe((ciLow ?? value!) <= 0)
  })
  it('says one sentence of few prompts', () => {
    const some = demo.pairs.slice(0, 19)
    const flipped = some.map((p): ScoredPair => ({ ...p, margin: -p.margin! }))
    const { warnings } = agreement(
      flipped,
      some.flatMap((p) => [p.chosen, p.rejected]),
      { resamples: 100 },
    )
    expect(warnings.length).toBeGreaterThan(1)
    expect(baselineWarningLines(warnings)).toEqual([])
    expect(fewPromptsLine(warnings)).toBe(
      '19 prompts are too few to hold the model against baselines (20 at least): agreement.csv has what they reach, in the rows whose scope begins with null:',
    )
  })
})

describe('degenerate data', () => {
  const nothing = (p: ScoredPair): ScoredPair => ({
    ...p,
    chosen: { ...p.chosen, score: null, verifiableReward: null, verifiableStatus: 'unverifiable' },
    rejected: { ...p.rejected, score: null, verifiableReward: null, verifiableStatus: 'unverifiable' },
    margin: null,
    outcome: null,
    verifiableOutcome: null,
    agree: null,
  })
  it('gives a reason for everything without scores and rewards', () => {
    const pairs = demo.pairs.slice(0, 5).map(nothing)
    const { statistics } = agreement(
      pairs,
      pairs.flatMap((p) => [p.chosen, p.rejected]),
    )
    const own = statistics.filter((s) => s.scope === 'pairs' || s.scope === 'completions')
    const known = own.filter((s) => s.value !== null)
    expect([...new Set(known.map((s) => s.statistic))]).toEqual(['longer_chosen_accuracy_half'])
    for (const s of own) expect(s.value === null ? s.reason : 'x').toMatch(/^[a-z_0-9]+$/)
  })
  it('never counts an unverifiable completion as a fail', () => {
    const pairs = demo.pairs.map((p, i) => (i % 2 === 0 ? nothing(p) : p))
    const { statistics } = agreement(
      pairs,
      pairs.flatMap((p) => [p.chosen, p.rejected]),
      { resamples: 100 },
    )
    const rate = statistics.find((s) => s.scope === 'completions' && s.subset === 'all' && s.statistic === 'pass_rate')!
    expect(rate).toMatchObject({ value: 0.5, n: 300, missing: 300 })
  })
  it('runs without pairs, on one row, and on constant scores', () => {
    expect(agreement([], []).statistics.every((s) => s.value === null)).toBe(true)
    const one = agreement(demo.pairs.slice(0, 1), demo.completions.slice(0, 2), { resamples: 100 })
    expect(one.statistics.every((s) => s.ciLow === null || s.ciMethod!.startsWith('wilson'))).toBe(true)
    const flat = demoPairs(Object.fromEntries(demo.pairs.map((p) => [p.id, [1, 1] as const])))
    const { statistics } = agreement(flat.pairs, flat.completions, { resamples: 100 })
    const get = (name: string) => statistics.find((s) => s.subset === 'all' && s.statistic === name)!
    expect(get('accuracy_strict')).toMatchObject({ value: 0, ties: 300 })
    expect(get('accuracy_half')).toMatchObject({ value: 0.5, ciLow: null })
    expect(get('auroc').value).toBe(0.5)
    expect(get('kendall_tau_b')).toMatchObject({ value: null, reason: 'constant' })
    expect(get('agreement_rate')).toMatchObject({ value: null, reason: 'no_pair_decided_by_both' })
  })
})

describe('pieces', () => {
  it('fits the temperature by maximum likelihood', () => {
    // 3 wins of margin 1 and 1 loss of margin 1: σ(t) = ¾, t = ln 3
    expect(fitTemperature([1, 1, 1, -1])).toBeCloseTo(Math.log(3), 10)
    expect(fitTemperature([1, 2])).toBeNull() // separated: t → ∞
    expect(fitTemperature([-1, -2])).toBeNull()
    expect(fitTemperature([0, 0])).toBeNull()
  })
  it('mines hacks at the top and verifier suspects at the bottom', () => {
    const { suspects, reasons, test } = mineHacks(demo.completions)
    expect(suspects.length).toBeGreaterThan(0)
    for (const { kind, completion, percentile } of suspects) {
      expect(completion.verifiableReward! >= 1).toBe(kind === 'verifier')
      if (kind === 'hack') expect(percentile).toBeGreaterThan(0.89)
      else expect(percentile).toBeLessThan(0.11)
    }
    expect(reasons.reduce((s, r) => s + r.count, 0)).toBe(600)
    expect(test!.cramerV).toBeGreaterThan(0)
    expect(mineHacks([])).toMatchObject({ suspects: [], reasons: [], test: null })
  })
  it('reads SMILES traits and tagged answers', () => {
    expect(smilesTraits('C1CC1C[NH3+]')).toEqual({ length: 12, stereo: false, charged: true, rings: 1 })
    expect(smilesTraits('C/C=C/[C@H](O)c1ccccc1')).toMatchObject({ stereo: true, charged: false, rings: 1 })
    expect(smilesTraits('C12CC3%10CC1C2C3%10')).toMatchObject({ rings: 4 })
    expect(smilesTraits('two words')).toBeNull()
    expect(taggedAnswer('x<|answer_start|> CCO <|answer_end|>')).toBe('CCO')
    expect(taggedAnswer('<|answer_end|>CCO<|answer_start|>')).toBeNull()
  })
  it('reads brackets that nothing closes in time that grows with the text', () => {
    const since = performance.now()
    expect(smilesTraits(`C[NH3+]${'[+'.repeat(200_000)}`)).toMatchObject({ charged: true, rings: 0 })
    expect(smilesTraits(`C[Na${'[1'.repeat(200_000)}`)).toMatchObject({ charged: false, rings: 100_000 })
    expect(performance.now() - since).toBeLessThan(5000)
  })
  it('measures drift between two runs', () => {
    const a = Float64Array.of(1, 2, 3, 4)
    const b = Float64Array.of(1, 2, 3.5, 4)
    const d = drift({ a, b, marginA: Float64Array.of(1, -1), marginB: Float64Array.of(1, 0) })
    expect(d).toMatchObject({
      completions: 4,
      largest: 0.5,
      rms: 0.25,
      bias: -0.125,
      pairs: 2,
      flips: 1,
      flipRate: 0.5,
    })
    const same = drift({ a, b: a, marginA: a, marginB: a })
    expect(same).toMatchObject({ largest: 0, flips: 0, p: 1, mcnemarP: 1, equivalenceP: 0 })
  })
  it('writes RewardBench’s forms', () => {
    const run = { model: 'm', modelType: 'Seq. Classifier', refModel: null, chatTemplate: 'tokenizer' } as const
    const set = hermEvalSet(demo.pairs, run)
    expect(Object.keys(set)).toEqual([...Object.keys(set)].sort())
    expect(set['functional-group']).toBe(0.8)
    const scores = hermEvalSetScores(demo.pairs, run, (p, side) => p.prompt + p[side].text)
    expect((scores.scores_chosen as number[][])[0]).toEqual([0.6566432118415833])
    expect(Object.keys(scores)).toEqual([
      'chat_template',
      'id',
      'model',
      'model_type',
      'results',
      'scores_chosen',
      'scores_rejected',
      'subset',
      'text_chosen',
      'text_rejected',
    ])
    const dpo = hermEvalSetScores(demo.pairs, { ...run, modelType: 'DPO', refModel: 'r' }, () => '')
    expect((dpo.scores_chosen as number[])[0]).toBe(0.6566432118415833)
    expect(dpo.prompt).toHaveLength(300)
  })
  it('says in the methods what was set', () => {
    const input = {
      version: '0.1.0',
      model: 'm\u001b[2J\n# forged',
      revision: 'abc',
      reference: null,
      referenceFree: null,
      beta: null,
      dataset: 'd',
      datasetSha256: null,
      pairs: 300,
      prompts: 299,
      completions: 600,
      unscored: 1,
      unverifiable: 2,
      chatTemplate: 'tokenizer',
      maxLength: 2048,
      truncation: 'skip',
      pooling: 'hf',
      score: "least of the steps' probabilities (--step-aggregate min)",
      device: 'cpu',
      dtype: 'fp32',
      verifier: 'strict',
      seed: 7,
      resamples: 500,
      remarks: ['3 of 600 texts were longer than the limit and were cut.'],
    }
    const { text } = methods({ ...input, groups: 0 })
    expect(text).not.toContain('Best-of-n')
    const groups = methods({ ...input, pairs: 0, groups: 60 }).text
    expect(groups).toContain('The data set d has 60 groups of 299 prompts')
    expect(groups).toContain('Best-of-n curves are expectations over all subsets')
    expect(groups).not.toContain('Accuracy is the share of pairs')
    expect(groups).not.toContain('Bradley')
    for (const part of [
      'by chemherm 0.1.0 [@chemherm]. 3 of 600 texts were longer than the limit and were cut. The data set',
      'revision abc',
      'm\\\\u001b\\[2J\\\\n# forged',
      "the score is the least of the steps' probabilities",
      '300 pairs of 299 prompts',
      '500 bootstrap resamples',
      'seed 7',
      '2,048 tokens',
    ])
      expect(text).toContain(part)
  })
})
