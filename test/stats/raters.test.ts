import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { correctedAgreement, intraclassCorrelation, ndcg, pearson, percentAgreement } from '../../src/stats/index.ts'
import { expectReference } from './golden.ts'

const { cases, ndcg: ranked } = JSON.parse(readFileSync(packagePath('test/data/stats/raters.json'), 'utf8')) as {
  cases: { name: string; raters: number[][]; value: number[]; ci: [number, number][] }[]
  ndcg: { gains: number[]; scores: number[]; ndcg: number }[]
}
const FORMS = ['icc1', 'icc2', 'icc3', 'icc1k', 'icc2k', 'icc3k'] as const

describe('intraclass correlation', () => {
  it.each(cases)('equals the reference: $name', ({ raters, value, ci }) => {
    const got = intraclassCorrelation(raters)!
    FORMS.forEach((form, i) => {
      expectReference(got[form].value, value[i]!, form)
      expectReference([got[form].ci!.low, got[form].ci!.high], ci[i]!, `${form} interval`)
    })
  })
  it('has the values that Shrout and Fleiss print', () => {
    const got = intraclassCorrelation(cases[0]!.raters)!
    expect(FORMS.map((form) => Number(got[form].value!.toFixed(2)))).toEqual([0.17, 0.29, 0.71, 0.44, 0.62, 0.91])
  })
  it("of two raters with one spread is Pearson's r; absent where nothing varies or a value is missing", () => {
    const x = [1, 2, 4, 8]
    const y = [4, 1, 8, 2]
    expect(intraclassCorrelation([x, y])!.icc3.value).toBeCloseTo(pearson(x, y)!, 12)
    expect(
      intraclassCorrelation([
        [1, 1],
        [1, 1],
      ])!.icc2.value,
    ).toBeNull()
    expect(
      intraclassCorrelation([
        [1, Number.NaN],
        [1, 2],
      ]),
    ).toBeNull()
    expect(intraclassCorrelation([[1, 2]])).toBeNull()
    expect(() => intraclassCorrelation([[1, 2], [1]])).toThrow(RangeError)
  })
})

describe('agreement behind a verifier that errs', () => {
  const perfect = { sensitivity: 1, specificity: 1 }
  it('is the agreement itself where the verifier does not', () => {
    const decisions = [1, 1, 0, 0, 1, 0]
    const passes = [1, 0, 0, 1, 1, 0]
    const count = (d: number, p: number): number => decisions.filter((own, i) => own === d && passes[i] === p).length
    const found = correctedAgreement(
      {
        acceptedPassed: count(1, 1),
        acceptedFailed: count(1, 0),
        rejectedPassed: count(0, 1),
        rejectedFailed: count(0, 0),
      },
      perfect,
    )!
    expect(found.agreement).toBeCloseTo(percentAgreement(decisions, passes)!, 12)
    expect(found.prevalence).toBe(0.5)
  })
  it('finds the truth from which the counts were made', () => {
    // 1,000 answers, 30 % right; accepted: 80 % of the right, 25 % of the wrong. Verifier: 0.9 and 0.95.
    const [se, sp] = [0.9, 0.95]
    const [ar, aw, rr, rw] = [240, 175, 60, 525]
    const found = correctedAgreement(
      {
        acceptedPassed: se * ar + (1 - sp) * aw,
        acceptedFailed: (1 - se) * ar + sp * aw,
        rejectedPassed: se * rr + (1 - sp) * rw,
        rejectedFailed: (1 - se) * rr + sp * rw,
      },
      { sensitivity: se, specificity: sp },
    )!
    expect(found.prevalence).toBeCloseTo(0.3, 12)
    expect(found.agreement).toBeCloseTo(0.765, 12)
    // chance: 0.415 · 0.3 + 0.585 · 0.7 = 0.534
    expect(found.kappa).toBeCloseTo((0.765 - 0.534) / (1 - 0.534), 12)
  })
  it('is absent where the rates cannot be: worse than chance, or less passes than errors alone would make', () => {
    const counts = { acceptedPassed: 1, acceptedFailed: 99, rejectedPassed: 50, rejectedFailed: 50 }
    expect(correctedAgreement(counts, perfect)!.agreement).toBeCloseTo(0.255, 12)
    expect(correctedAgreement(counts, { sensitivity: 1, specificity: 0.9 })).toBeNull()
    expect(correctedAgreement(counts, { sensitivity: 0.5, specificity: 0.5 })).toBeNull()
    expect(correctedAgreement(counts, { sensitivity: 1.2, specificity: 1 })).toBeNull()
    expect(
      correctedAgreement({ acceptedPassed: 0, acceptedFailed: 0, rejectedPassed: 0, rejectedFailed: 0 }, perfect),
    ).toBeNull()
  })
})

it.each(ranked)("NDCG equals scikit-learn's, ties included: $scores", ({ gains, scores, ndcg: want }) => {
  expectReference(ndcg(scores, gains), want)
})
