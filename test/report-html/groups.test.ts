import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { expectedOf } from '../../src/cli/answer-port.ts'
import { packagePath } from '../../src/package.ts'
import type { GroupsReport } from '../../src/report/html/group-input.ts'
import { groupsByInterest } from '../../src/report/html/group-interest.ts'
import type { ReportInput } from '../../src/report/html/input.ts'
import { LIMITS } from '../../src/report/html/limits.ts'
import { renderReport } from '../../src/report/html/report.ts'
import type { RowTable, Stock } from '../../src/report/html/row-table.ts'
import { curvesPlot } from '../../src/report/plots/curves.ts'
import { linesWhere } from '../../src/statistic-lines.ts'
import type { CompletionGroup, ScoredCompletion } from '../../src/types.ts'
import { demoGroups, demoSolutions, findingOf, groupsInput, groupsReport } from './demo-groups.ts'
import { demoInput } from './demo-input.ts'

/** What the demo groups' own recipe says of each (test/data/demo/SOURCE.md). */
const golden = JSON.parse(
  gunzipSync(readFileSync(packagePath('test/data/demo/expected-groups.json.gz'))).toString('utf8'),
) as {
  readonly rm_scores: Readonly<Record<string, readonly number[]>>
  readonly groups: readonly {
    readonly id: string
    readonly advantages_trl_grpo: readonly number[]
    readonly '@8': { readonly vote_index: number; readonly rerank_index: number }
  }[]
}

const blockOf = (html: string, id: string): unknown => {
  const found = new RegExp(`id="${id}">(.*?)</script>`, 's').exec(html)
  return found === null ? null : JSON.parse(found[1]!)
}
const groupsOf = (html: string): RowTable => blockOf(html, 'groups-data') as RowTable
const csvOf = (html: string, figure: string): string[][] => {
  const body = new RegExp(`<figure id="fig-${figure}">(.*?)</figure>`, 's').exec(html)![1]!
  return parse(Buffer.from(/base64,([^"]*)"/.exec(body)![1]!, 'base64').toString('utf8')) as string[][]
}
const textOf = (html: string): string =>
  html
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, '')
    .replaceAll('&#39;', "'")

/** The demo's groups, each changed. */
const changed = (change: (c: ScoredCompletion, i: number) => ScoredCompletion, n = 6): readonly CompletionGroup[] =>
  demoGroups.slice(0, n).map((group) => ({ ...group, completions: group.completions.map(change) }))
const inputOf = (groups: readonly CompletionGroup[], changes: Partial<ReportInput> = {}): ReportInput => ({
  ...groupsInput(null, groups),
  statistics: [],
  ...changes,
})

describe('groups in report.html', () => {
  const html = renderReport(groupsInput())

  it('are the same bytes for the same input', () => {
    expect(renderReport(groupsInput())).toBe(html)
  })

  it('have no coordinate of more than two decimals, whatever the platform computes', () => {
    const plots = html.match(/<svg[^>]*class="plot.*?<\/svg>/gs)!
    expect(plots).toHaveLength(11) // seven here, two of them twice, and those of scores and verdicts
    const numbers = plots.flatMap(
      (svg) => svg.match(/ (?:d|transform|x|y|[xy][12]|c[xy]|r|width|height|points)="[^"]*"/g) ?? [],
    )
    expect(numbers.length).toBeGreaterThan(1000)
    expect(numbers.filter((text) => /\.\d{3}/.test(text))).toEqual([])
  })

  it('have their chapters, and none on pairs', () => {
    expect([...html.matchAll(/<section id="([^"]*)"/g)].map(([, id]) => id)).toEqual([
      'headline',
      'choosing',
      'advantages',
      'agreement',
      'scores',
      'calibration',
      'reasons',
      'failures',
      'groups',
      'completions',
      'provenance',
    ])
    const text = textOf(html)
    expect(text).toContain('36.7%[26.7, 46.7]Highest score.')
    expect(text).toContain('One completion of each prompt, chosen in several ways. 60 prompts with 8 completions each.')
  })

  it('rank the completions of a group and mark whom score and vote choose, as the recipe of the demo says', () => {
    const { columns, details } = groupsOf(html)
    const ids = columns.find(({ key }) => key === 'id')!.values as string[]
    for (const group of golden.groups) {
      const { completions } = details[ids.indexOf(group.id)]!
      const markedAs = (word: RegExp): string[] =>
        completions.filter(({ ranked }) => ranked!.marks.some((mark) => word.test(mark))).map(({ title }) => title)
      expect(markedAs(/^highest score/)).toEqual([`Completion ${group['@8'].rerank_index}`])
      expect(markedAs(/^vote by exact answer/)).toEqual([`Completion ${group['@8'].vote_index}`])
      const scores = golden.rm_scores[group.id]!
      expect(completions.map(({ score }) => score)).toEqual(scores.toSorted((a, b) => b - a))
      // 1 + those above
      for (const { score, ranked } of completions)
        expect(ranked!.rank).toBe(1 + scores.filter((other) => other > score!).length)
      for (const { title, ranked } of completions)
        expect(ranked!.advantages![0]).toBeCloseTo(group.advantages_trl_grpo[Number(title.split(' ')[1])]!, 12)
    }
  })

  it('count the corners of the advantages, and list what is pushed up against the verifier', () => {
    // right above and below the mean, from the recipe's advantages and the sign of score − mean
    const corners = { up: 0, down: 0, wronglyUp: 0, wronglyDown: 0, zero: 0 }
    for (const { id, advantages_trl_grpo } of golden.groups) {
      const scores = golden.rm_scores[id]!
      const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
      advantages_trl_grpo.forEach((verifier, i) => {
        const above = scores[i]! > mean
        if (verifier === 0) corners.zero++
        else if (verifier > 0) corners[above ? 'up' : 'wronglyDown']++
        else corners[above ? 'wronglyUp' : 'down']++
      })
    }
    const figure = /<figure id="fig-advantages">.*?<\/figure>/s.exec(html)![0]
    expect(figure).toContain(
      `up by both ${corners.up}, down by both ${corners.down}, score up, verifier down ${corners.wronglyUp}, score down, verifier up ${corners.wronglyDown}`,
    )
    expect(figure).toContain(`${corners.zero} completions with an advantage of 0 are not among these`)
    expect(csvOf(html, 'advantages')).toHaveLength(1 + 480)
    expect(textOf(html)).toContain(`The first 10 of ${corners.wronglyUp} completions pushed up against the verifier`)
  })

  it('give the counts alone as CSV where there are more points than rows', () => {
    const small = renderReport(groupsInput(), { ...LIMITS, rows: 479 })
    const counts = csvOf(small, 'advantages').slice(1)
    expect(counts.map(([, n]) => Number(n)).reduce((a, b) => a + b)).toBe(480)
    expect(textOf(small)).toContain('The data here are the counts; advantages.csv has every completion.')
    expect(textOf(html)).not.toContain('The data here are the counts')
  })

  it('say how many groups teach nothing, and why', () => {
    const wrong = demoGroups.filter(({ completions }) => completions.every((c) => c.verifiableReward === 0)).length
    expect(wrong).toBe(7)
    const bars = csvOf(html, 'zero-advantage').slice(1)
    expect(bars.slice(0, 4)).toEqual([
      ['accuracy alone', 'an advantage', '53'],
      ['accuracy alone', 'all right', '0'],
      ['accuracy alone', 'all wrong', '7'],
      ['accuracy alone', 'all equal', '0'],
    ])
    expect(bars.slice(4, 9)).toEqual([
      ['verifiable reward', 'an advantage', '54'],
      ['verifiable reward', 'all right', '0'],
      ['verifiable reward', 'all wrong', '6'],
      ['verifiable reward', 'all equal', '0'],
      ['verifiable reward', 'one reward', '0'],
    ])
    expect(textOf(html)).toContain(
      'by the accuracy alone in 7 of 60 groups (11.7%), by the verifiable reward in 6 of 60 groups (10.0% [0.0, 20.0]), by the learned score in 0 of 60 groups (0.0% [−10.0, 10.0]). By the first, 0 are all right, too easy, and 7 all wrong, too hard.',
    )
  })

  it('plot the curves that the run gives, with their numbers as CSV', () => {
    const { curves } = groupsReport()
    const own = curves.filter(({ subset }) => subset === 'all')
    const best = csvOf(html, 'best-of-n').slice(1)
    for (const { method, points } of own.filter(({ method }) => ['best_of_n', 'pass_at_n', 'random'].includes(method)))
      expect(best.filter(([name]) => name === method).map((row) => row.slice(1, 6).map(Number))).toEqual(
        points.map(({ n, value, low, high, groups }) => [n, value, low, high, groups]),
      )
    // ln 4 − 3/4
    expect(Number(best.find(([name, n]) => name === 'best_of_n' && n === '4')!.at(-1))).toBeCloseTo(
      0.636294361119891,
      12,
    )
    expect(csvOf(html, 'best-of-n-by-subset')).toHaveLength(1 + 6 * 8)
    expect(textOf(html)).toContain(
      'From its peak at n = 3 (0.402) to n = 8 (0.367) the share of right picks falls by 0.035',
    )
  })

  it('keep texts and drawings once, though two browsers show them', () => {
    const stock = blockOf(html, 'stock-data') as Stock
    const completions = blockOf(html, 'completions-data') as RowTable
    expect([groupsOf(html).texts, completions.texts]).toEqual([[], []])
    const texts = new Set(
      demoGroups.flatMap(({ prompt, completions: all }) => [prompt, ...all.map(({ text }) => text)]),
    )
    for (const solution of demoSolutions.values()) {
      const { rule, text } = expectedOf(solution)
      texts.add(rule).add(text)
    }
    expect(new Set(stock.texts)).toEqual(texts)
    expect(stock.texts).toHaveLength(texts.size)
    const { text, prompt } = {
      text: completions.details[9]!.completions[0]!.text,
      prompt: completions.details[9]!.prompt,
    }
    expect([stock.texts[prompt!], stock.texts[text!]]).toEqual([
      demoGroups[1]!.prompt,
      demoGroups[1]!.completions[1]!.text,
    ])
  })

  it('show first where the score picks a wrong one and a right one is there, and say what does not fit', () => {
    const small = renderReport(groupsInput(), { ...LIMITS, rows: 40 })
    const table = groupsOf(small)
    expect(table.left).toMatchObject({ rows: 60, shown: 5 })
    expect(textOf(small)).toContain('5 of 60 groups (the CSV files beside this page have all)')
    const ids = table.columns.find(({ key }) => key === 'id')!.values
    // widest gap between the pick and the best right one, from the recipe
    const gaps = demoGroups.flatMap(({ id, completions }) => {
      const [pick] = completions.toSorted((a, b) => b.score! - a.score!)
      const right = completions.filter(({ verifiableReward }) => verifiableReward === 1)
      if (pick!.verifiableReward === 1 || right.length === 0) return []
      return [{ id, gap: pick!.score! - Math.max(...right.map(({ score }) => score!)) }]
    })
    expect(ids).toEqual(
      gaps
        .toSorted((a, b) => b.gap - a.gap)
        .slice(0, 5)
        .map(({ id }) => id),
    )
  })

  it('shows of a large group the highest scores and what is picked', () => {
    const small = renderReport(groupsInput(), { ...LIMITS, gallery: 3 })
    const { columns, details } = groupsOf(small)
    const ids = columns.find(({ key }) => key === 'id')!.values as string[]
    // its vote goes to the seventh by score
    const { completions, more } = details[ids.indexOf('group-test-functional-group-0122')]!
    expect(completions.map(({ ranked }) => ranked!.rank)).toEqual([1, 2, 3, 7])
    expect(more).toBe(4)
    expect(groupsOf(html).details.map((detail) => detail.more)).toEqual(Array(60).fill(0))
  })

  it('put groups that are all right or all wrong last, and those without a pick or verdict before the settled ones', () => {
    const [first] = demoGroups
    const of = (...parts: readonly (readonly [score: number | null, reward: number | null])[]) =>
      findingOf({
        ...first!,
        id: JSON.stringify(parts),
        completions: parts.map(([score, reward], index) => ({
          ...first!.completions[0]!,
          index,
          score,
          verifiableReward: reward,
          verifiableStatus: reward === null ? 'unverifiable' : reward === 1 ? 'pass' : 'fail',
        })),
      })
    const findings = [
      of([1, 1], [0, 1]),
      of([1, 0], [0, 0]),
      of([1, 1], [0, 0]),
      of([1, 1], [0.5, 0]),
      of([null, 1], [null, 0]),
      of([1, null], [0, null]),
      of([1, 0], [0, 1]),
      of([2, 0], [0, 1]),
      of([1, 0], [null, 1]),
    ]
    expect(groupsByInterest(findings)).toEqual([8, 7, 6, 4, 5, 3, 2, 1, 0])
  })

  it('stand beside pairs where the data hold both', () => {
    const [pairs, grouped] = [demoInput(), groupsInput()]
    const both = renderReport({
      ...pairs,
      statistics: [...pairs.statistics, ...linesWhere(grouped.statistics, ({ scope }) => scope === 'groups')],
      completions: [...pairs.completions, ...grouped.completions],
      groups: grouped.groups!,
    })
    const text = textOf(both)
    expect(text).toContain('embedded pairs, 300 pairs, 60 groups, 480 completions')
    expect(text).toContain('83.7%')
    expect(text).toContain('36.7%[26.7, 46.7]Highest score.')
    for (const id of ['choosing', 'subsets', 'length', 'groups', 'pairs', 'completions'])
      expect(both).toContain(`<section id="${id}"`)
    expect(text).toContain('Best of n is the expected verifiable reward')
    expect(text).toContain('A margin is the learned score')
  })

  it('keep hostile texts out of the markup', () => {
    const hostile = '</script><img src=x onerror=alert(1)>'
    const groups = changed(
      (c) => ({ ...c, id: hostile, subset: hostile, text: hostile, verifiableReason: hostile }),
      1,
    ).map((group) => ({ ...group, id: hostile, subset: hostile, prompt: hostile }))
    const evil = renderReport(inputOf(groups))
    expect(evil).not.toContain('<img')
    expect(evil.match(/<script/g)).toHaveLength(4) // stock, two tables, our own
  })

  describe('cope with', () => {
    const cases: Record<
      string,
      { groups: readonly CompletionGroup[]; report?: Partial<GroupsReport>; says: string[] }
    > = {
      'no scores': {
        groups: changed((c) => ({ ...c, score: null, scoreReason: 'no_model' })),
        says: ['No advantages to compare', 'All 6 groups of the run'],
      },
      'no verdicts': {
        groups: changed((c) => ({
          ...c,
          verifiableReward: null,
          verifiableStatus: 'unverifiable',
          verifiableReason: null,
        })),
        says: ['No advantages to compare', 'No statistics of groups'],
      },
      'one completion each': {
        groups: demoGroups.slice(0, 3).map((group) => ({ ...group, completions: group.completions.slice(0, 1) })),
        says: ['All 3 groups of the run'],
      },
      'all equal': {
        groups: changed((c) => ({ ...c, score: 1, verifiableReward: 1, verifiableStatus: 'pass' })),
        says: ['48 completions with an advantage of 0 are not among these'],
      },
      'a group without completions': {
        groups: demoGroups.slice(0, 2).map((group, i) => (i === 0 ? { ...group, completions: [] } : group)),
        says: ['All 2 groups of the run'],
      },
      'a curve with gaps and no band': {
        groups: demoGroups.slice(0, 2),
        report: {
          curves: [
            {
              subset: 'all',
              method: 'best_of_n',
              points: [1, 2, 3, 4].map((n) => ({ n, value: n === 3 ? null : 0.5, low: null, high: null, groups: 2 })),
            },
          ],
          declines: [],
          topRewards: [],
        },
        says: ['prompts resampled; 3 points have none'],
      },
    }
    it.each(Object.entries(cases))('%s', (_, { groups, report = {}, says }) => {
      const input = inputOf(groups)
      const text = textOf(renderReport({ ...input, groups: { ...input.groups!, ...report } }))
      for (const sentence of says) expect(text).toContain(sentence)
      expect(text).not.toMatch(/\b(NaN|undefined|Infinity)\b/)
    })
  })

  it('name lines that end together one below the other', () => {
    const curve = (name: string, end: number) => ({
      name,
      colour: 'var(--blue)',
      dashes: null,
      points: [1, 2].map((x) => ({ x, value: x === 1 ? 0 : end, low: null, high: null, n: 1 })),
    })
    const axes = { x: 'n', y: 'share', log: true, ticks: [1, 2], tick: String, noun: 'groups' }
    const { text } = curvesPlot([curve('a', 0.5), curve('b', 0.5), curve('c', 0), curve('d', 0.01)], axes, 'what')
    // each name is its own group of text, moved as a whole
    const heights = [
      ...text.matchAll(
        /<g[^>]*translate\(([-\d.]+),([-\d.]+)\)[^>]*><text[^>]*transform="translate\([-\d.]+,([-\d.]+)\)"[^>]*>([abcd])</g,
      ),
    ].map(([, , dy, y, name]) => [name, Number(dy) + Number(y)] as const)
    expect(heights.map(([name]) => name)).toEqual(['a', 'b', 'd', 'c'])
    for (let i = 1; i < heights.length; i++) expect(heights[i]![1] - heights[i - 1]![1]).toBeGreaterThanOrEqual(13.9)
  })
})
