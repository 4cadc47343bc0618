import { describe, expect, it } from 'vitest'
import { CHOICE_TEST_COLUMNS, type ChoiceRow, choiceFindings, choiceTestRow } from '../../src/agreement/choices.ts'
import { undocumented } from '../../src/agreement/codebook/codebook.ts'
import { STATISTIC_MEANINGS } from '../../src/agreement/codebook/statistics.ts'
import { keptShare } from '../../src/agreement/kept.ts'
import { firstCalledWrong, firstError, labelledStepStatistics } from '../../src/agreement/labelled-steps.ts'
import { STEP_SCORE_COLUMNS } from '../../src/cli/process/labels.ts'
import { FILTER_COLUMNS, PRECHECK_COLUMNS } from '../../src/cli/process/rationales.ts'
import { prng } from '../../src/prng.ts'
import { STEP_COLUMNS } from '../../src/report/steps.ts'

const SETTINGS = { seed: 3, resamples: 400 }
const HEURISTICS = ['a', 'b', 'c']

/** Rows of two subsets, two to a prompt, of which some are not judged. */
function rows(n: number): ChoiceRow[] {
  const random = prng(5)
  return Array.from({ length: n }, (_, i): ChoiceRow => {
    const candidates = 2 + Math.floor(random() * 3)
    const right = random() < 0.1 ? null : Math.floor(random() * (candidates + 1))
    return {
      id: String(i),
      subset: i % 3 === 0 ? 'x' : 'y',
      cluster: `prompt ${i >> 1}`,
      candidates,
      right,
      picks: HEURISTICS.map((_, h) => {
        const chosen = random() > 0.05
        return {
          index: chosen ? 0 : null,
          reason: chosen ? null : 'candidate_unscored',
          right: chosen && right !== null ? random() < 0.3 + 0.2 * h : null,
          tied: chosen && random() < 0.1 ? 2 : 0,
          near: chosen && random() < 0.2,
        }
      }),
    }
  })
}

describe('choices', () => {
  const all = rows(80)
  const { statistics, tests, heuristics, bounds } = choiceFindings(all, HEURISTICS, SETTINGS)
  const value = (statistic: string, subset = 'all') =>
    statistics.find((one) => one.statistic === statistic && one.subset === subset)!

  it.each(['all', 'x', 'y'])('accuracy, chance, ceiling and near ties of %s are the counts', (subset) => {
    const part = all.filter((row) => subset === 'all' || row.subset === subset)
    const known = part.filter(({ right }) => right !== null)
    const mean = (values: number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
    expect(value('choice_chance', subset).value).toBeCloseTo(
      mean(known.map(({ right, candidates }) => right! / candidates)),
      12,
    )
    expect(value('choice_ceiling', subset)).toMatchObject({
      value: mean(known.map(({ right }) => (right! > 0 ? 1 : 0))),
      n: known.length,
      missing: part.length - known.length,
    })
    HEURISTICS.forEach((name, h) => {
      const judged = part.filter(({ picks }) => picks[h]!.right !== null)
      const found = value(`choice_accuracy_${name}`, subset)
      expect(found).toMatchObject({
        scope: 'steps',
        value: mean(judged.map(({ picks }) => (picks[h]!.right ? 1 : 0))),
        n: judged.length,
        missing: part.length - judged.length,
        ties: part.filter(({ picks }) => picks[h]!.tied > 0).length,
      })
      expect(found.ciLow!).toBeLessThanOrEqual(found.value!)
      expect(found.ciHigh!).toBeGreaterThanOrEqual(found.value!)
      const chosen = part.filter(({ picks }) => picks[h]!.index !== null)
      expect(value(`choice_near_tie_rate_${name}`, subset).value).toBeCloseTo(
        mean(chosen.map(({ picks }) => (picks[h]!.near ? 1 : 0))),
        12,
      )
    })
  })

  it('paired tests: all pairs, on the rows that both judge', () => {
    expect(tests.map(({ a, b }) => `${a}${b}`)).toEqual(['ab', 'ac', 'bc'])
    for (const test of tests) {
      const [a, b] = [HEURISTICS.indexOf(test.a), HEURISTICS.indexOf(test.b)]
      const both = all.filter(({ picks }) => picks[a]!.right !== null && picks[b]!.right !== null)
      const count = (want: (a: boolean, b: boolean) => boolean): number =>
        both.filter(({ picks }) => want(picks[a]!.right!, picks[b]!.right!)).length
      const [onlyA, onlyB] = [count((x, y) => x && !y), count((x, y) => !x && y)]
      expect(test).toMatchObject({ n: both.length, onlyA, onlyB, missing: all.length - both.length })
      expect(test.difference.value).toBeCloseTo((onlyA - onlyB) / both.length, 12)
      expect(test.valueA! - test.valueB!).toBeCloseTo(test.difference.value!, 12)
      // McNemar's exact p by the binomial distribution
      if (test.mcnemarMethod === 'exact') {
        const m = onlyA + onlyB
        let tail = 0
        let term = 0.5 ** m
        for (let k = 0; k <= Math.min(onlyA, onlyB); k++) {
          tail += term
          term *= (m - k) / (k + 1)
        }
        expect(test.mcnemarP).toBeCloseTo(Math.min(1, 2 * tail), 9)
      }
      expect(test.pHolm!).toBeGreaterThanOrEqual(test.p!)
      expect(choiceTestRow(test)).toHaveLength(CHOICE_TEST_COLUMNS.length)
    }
  })

  it('shuffled rows give the same', () => {
    const again = choiceFindings([...all].reverse(), HEURISTICS, SETTINGS)
    for (const one of statistics) {
      const other = again.statistics.find((s) => s.statistic === one.statistic && s.subset === one.subset)!
      expect(other.value).toBeCloseTo(one.value!, 12)
    }
    expect(heuristics.map(({ ties }) => ties)).toEqual(again.heuristics.map(({ ties }) => ties))
    expect(bounds[0]).toMatchObject({ subset: 'all' })
  })

  it('without a judged row there is no number, and a reason', () => {
    const none = all.map((row) => ({
      ...row,
      right: null,
      picks: row.picks.map((pick) => ({ ...pick, right: null })),
    }))
    for (const { statistic, value, reason } of choiceFindings(none, HEURISTICS, SETTINGS).statistics)
      if (!statistic.startsWith('choice_near'))
        expect([statistic, value, reason]).toEqual([statistic, null, expect.stringMatching(/^no_/)])
    expect(choiceFindings([], HEURISTICS, SETTINGS).tests.every(({ p }) => p === null)).toBe(true)
  })

  it('every statistic and column is in the code book', () => {
    const general = (name: string): string =>
      name
        .replace(/^(choice_accuracy|choice_near_tie_rate)_.*/, '$1_<heuristic>')
        .replace(/^choice_difference_.*/, 'choice_difference_<a>_minus_<b>')
    const labelled = labelledStepStatistics([], SETTINGS)
    for (const { statistic } of [...statistics, ...labelled, ...keptShare([], 'rationale_keep_rate').statistics])
      expect(STATISTIC_MEANINGS).toHaveProperty([general(statistic)])
    expect(
      undocumented({
        'steps.csv': STEP_COLUMNS,
        'filter.csv': FILTER_COLUMNS,
        'precheck.csv': PRECHECK_COLUMNS,
        'step-scores.csv': STEP_SCORE_COLUMNS,
        'paired-tests.csv': CHOICE_TEST_COLUMNS,
      }),
    ).toEqual([])
  })
})

describe('labelled steps', () => {
  it.each([
    [[true, true], -1],
    [[true, false, null], 1],
    [[false], 0],
    [[null, false], null],
    [[true, null], null],
  ])('the first error of %j', (labels, want) => {
    expect(firstError(labels)).toBe(want)
  })
  it('a step at one half is called right', () => {
    expect(firstCalledWrong([0.9, 0.5, 0.49])).toBe(2)
    expect(firstCalledWrong([0.5])).toBe(-1)
  })
  it('a row without scores is missing, its steps too', () => {
    const found = labelledStepStatistics(
      [
        { id: 'a', subset: '', cluster: 'p', probabilities: [0.9, 0.2], labels: [true, false] },
        { id: 'b', subset: '', cluster: 'q', probabilities: [0.9, 0.2], labels: [true, true] },
        { id: 'c', subset: '', cluster: 'r', probabilities: null, labels: [true] },
      ],
      SETTINGS,
    )
    const value = (name: string) => found.find(({ statistic }) => statistic === name)!
    expect(value('step_accuracy')).toMatchObject({ value: 0.75, n: 4, missing: 1 })
    expect(value('first_error_found')).toMatchObject({ value: 1, n: 1, missing: 1 })
    expect(value('no_error_seen')).toMatchObject({ value: 0, n: 1 })
    expect(value('process_bench_f1')).toMatchObject({ value: 0, n: 2 })
  })
  it('one class: no F1, with the reason', () => {
    const found = labelledStepStatistics(
      [{ id: 'a', subset: '', cluster: 'p', probabilities: [0.9], labels: [true] }],
      SETTINGS,
    )
    expect(found.find(({ statistic }) => statistic === 'process_bench_f1')).toMatchObject({
      value: null,
      reason: 'one_class',
    })
    expect(found.find(({ statistic }) => statistic === 'first_error_found')).toMatchObject({
      value: null,
      reason: 'no_wrong_reasoning',
    })
  })
})
