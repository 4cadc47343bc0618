import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { summarise } from '../../src/agreement/accuracy.ts'
import { agreement } from '../../src/agreement/agreement.ts'
import type { ReportInput } from '../../src/report/html/input.ts'
import { LIMITS } from '../../src/report/html/limits.ts'
import { renderReport } from '../../src/report/html/report.ts'
import type { RowTable } from '../../src/report/html/row-table.ts'
import type { ScoredCompletion, ScoredPair, Statistic } from '../../src/types.ts'
import { demoInput, demoPairs, pairOf } from './demo-input.ts'

const tableOf = (html: string, name: RowTable['name']): RowTable | null => {
  const found = new RegExp(`id="${name}-data">(.*?)</script>`, 's').exec(html)
  return found === null ? null : (JSON.parse(found[1]!) as RowTable)
}
const textOf = (html: string): string =>
  html
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, '')
    .replaceAll('&#39;', "'")

/** Three decimals with a true minus, as the page writes values below 100. */
const digits = (value: number | string | undefined): string =>
  Number(String(value).replace('−', '-')).toFixed(3).replace('-', '−')

/** The demo with other pairs and everything that follows from them. */
function inputOf(pairs: readonly ScoredPair[], changes: Partial<ReportInput> = {}): ReportInput {
  const completions = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected])
  return {
    ...demoInput(),
    pairs,
    completions,
    accuracy: summarise(pairs).accuracy,
    statistics: agreement(pairs, completions, { resamples: 50 }).statistics,
    calibration: null,
    suspects: [],
    failures: [],
    ...changes,
  }
}
const unscored = (c: ScoredCompletion): ScoredCompletion => ({ ...c, score: null, scoreReason: 'too_long' })
const unverified = (c: ScoredCompletion): ScoredCompletion => ({
  ...c,
  verifiableReward: null,
  verifiableStatus: 'unverifiable',
  verifiableReason: null,
})
const remade = (change: (c: ScoredCompletion) => ScoredCompletion, rows = 12): readonly ScoredPair[] =>
  demoPairs.slice(0, rows).map((p) => pairOf(change(p.chosen), change(p.rejected), p.prompt, p.extra))

describe('report.html', () => {
  it('is the same bytes for the same input', () => {
    expect(renderReport(demoInput())).toBe(renderReport(demoInput()))
  })

  it('leads with the accuracy where both are well-formed, that of all pairs and the baselines', () => {
    // the demo's golden accuracy: 87 of 123, 251 of 300
    const text = textOf(renderReport(demoInput()))
    expect(text.indexOf('70.7%')).toBeGreaterThan(0)
    expect(text.indexOf('70.7%')).toBeLessThan(text.indexOf('83.7%'))
    expect(text).toContain('the 123 pairs (123 prompts; 41.0% of all pairs)')
    expect(text).toContain('in all 300 pairs: accuracy and agreement are one measurement')
    expect(text).not.toContain('in 251 of 300 pairs where both decide')
    expect(text).toContain('“longest” knows no chemistry')
  })

  it('shows the numbers of agreement.csv, and for an absent interval its reason', () => {
    const input = demoInput()
    const html = renderReport(input)
    const own = [...input.statistics].filter(
      (s) => s.subset === 'all' && (s.scope === 'pairs' || s.scope === 'completions'),
    )
    expect(own.length).toBeGreaterThan(30)
    const line = (s: Statistic): string => {
      const interval =
        s.ciLow !== null
          ? `[${digits(s.ciLow)}, ${digits(s.ciHigh!)}]`
          : (/^none: (.*)/.exec(s.ciMethod ?? '')?.[1] ?? '–')
      return s.value === null ? s.reason!.replaceAll('_', ' ') : `${digits(s.value)}|${interval}`
    }
    const rows = [...html.matchAll(/<tr><th scope="row" title="([^"]*)">[^<]*<\/th>(.*?)<\/tr>/gs)].map(
      ([, name, cells]) => [name, cells!.replace(/<\/td><td[^>]*>/g, '|').replace(/<[^>]*>/g, '')] as const,
    )
    for (const s of own) {
      const counts = [s.n, s.clusters, s.missing].map((n) => n.toLocaleString('en-US')).join('|')
      expect(rows).toContainEqual([s.statistic, `${line(s)}|${counts}`])
    }
  })

  it('gives as CSV what each figure plots', () => {
    const html = renderReport(demoInput())
    const figures = [...html.matchAll(/<figure id="fig-([^"]*)">(.*?)<\/figure>/gs)].map(([, id, body]) => ({
      id: id!,
      tips: [...body!.matchAll(/<title>([^<]*)<\/title>/g)].map(([, tip]) => tip!),
      rows: parse(Buffer.from(/base64,([^"]*)"/.exec(body!)![1]!, 'base64').toString('utf8')) as string[][],
    }))
    const of = (id: string) => figures.find((figure) => figure.id === id)!
    const share = (text: string | undefined): string => `${(Number(text) * 100).toFixed(1)}%`
    for (const id of ['accuracy-against-baselines', 'accuracy-by-subset', 'accuracy-by-reject-kind']) {
      const { tips, rows } = of(id)
      for (const [name, value, low, high, n] of rows.slice(1)) {
        const interval = low === '' ? '–' : `[${share(low).slice(0, -1)}, ${share(high).slice(0, -1)}]`
        expect(tips).toContain(`${name}: ${share(value)} ${interval}, n = ${n}`)
      }
    }
    const { tips, rows } = of('margins')
    const number = (text: string): number => Number(text.replace('−', '-'))
    expect(tips.map((tip) => tip.split(/ to |: /).map(number))).toEqual(rows.slice(1).map((row) => row.map(Number)))
    const cells = of('reasons-by-decile')
      .rows.slice(1)
      .flatMap(([reason, ...ns]) => ns.map((n, d) => [reason, d + 1, n]))
    expect(of('reasons-by-decile').tips.map((tip) => tip.replace(/ \(.*/, ''))).toEqual(
      cells.map(([reason, decile, n]) => `${reason}, decile ${decile}: ${n}`),
    )
    // lengths as pairs.csv counts them
    const scatter = of('length-and-margin').rows.slice(1)
    expect(scatter).toEqual(
      demoPairs.map((p) => [p.id, String([...p.chosen.text].length - [...p.rejected.text].length), String(p.margin)]),
    )
  })

  it('counts lengths in code points, as pairs.csv does', () => {
    const emoji = remade((c) => ({ ...c, text: c.role === 'chosen' ? '🧪🧪' : 'abc' }))
    const html = renderReport(inputOf(emoji))
    expect(textOf(html)).toContain('the chosen completion is the longer one in 0.0% of 12 pairs')
  })

  it('says when a null beats the model', () => {
    const lost = (rows: number) =>
      textOf(renderReport(inputOf(remade((c) => ({ ...c, score: c.role === 'chosen' ? 0 : 1 }), rows))))
    expect(lost(40)).toMatch(/The model is [\d.]+ points below it: −[\d.]+/)
    expect(lost(12)).toContain('With 12 prompts, fewer than 20, the model is not held against it.')
  })

  it('shows the manifest as words, and nothing of it twice', () => {
    const input = demoInput()
    const { run } = input
    const details = { versions: run.versions, models: [{ name: 'rm', files: ['a', 'b'], none: null, gone: undefined }] }
    const html = renderReport({ ...input, run: { ...run, details } })
    expect(html).toContain('<div><dt>1 › files</dt><dd>a, b</dd></div>')
    expect(html.match(/>onnxruntime-node</g)).toHaveLength(1)
    expect(textOf(html)).not.toContain('{"')
  })

  it('refers to nothing outside itself', () => {
    const html = renderReport(demoInput())
    expect(html).toContain('default-src &#39;none&#39;')
    const outside = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, target]) => target!)
    expect(outside.filter((target) => !/^(#|data:)/.test(target))).toEqual([])
    expect(html).not.toMatch(/@import|url\(/)
  })

  it('keeps every text of the data out of the markup', () => {
    const hostile = '</script><img src=x onerror=alert(1)>'
    const pairs = demoPairs
      .slice(0, 3)
      .map((p) =>
        pairOf(
          { ...p.chosen, subset: hostile, text: hostile },
          { ...p.rejected, subset: hostile, verifiableReason: hostile },
          hostile,
          { [hostile]: hostile },
        ),
      )
    const html = renderReport(inputOf(pairs))
    expect(html).not.toContain('<img')
    expect(html.match(/<script/g)).toHaveLength(2) // the rows, and our own
    expect(tableOf(html, 'pairs')!.texts).toContain(hostile)
  })

  describe('says why a chapter is absent', () => {
    const cases: Record<string, { input: ReportInput; says: readonly string[] }> = {
      'no row at all': {
        input: inputOf([], { accuracy: null }),
        says: ['No row of the run could be used', 'There is no row to show'],
      },
      'no verdicts': {
        input: inputOf(remade(unverified)),
        says: [
          'No cross table: no pair could be verified',
          'No heat map of reasons: no scored completion has a verdict',
        ],
      },
      'no model': {
        input: inputOf(
          remade((c) => ({ ...unscored(c), scoreReason: 'no_model' })),
          { accuracy: null },
        ),
        says: [
          'No accuracy: the run has no model',
          'No scores',
          'No reliability curve: no pair has a margin',
          'No cross table: no pair was scored',
        ],
      },
      'every completion too long': {
        input: inputOf(remade(unscored)),
        says: [
          'none of 12 pairs has a margin (no_scored_pairs)',
          'Completions without a score, by reason.',
          'too long24',
        ],
      },
      'ties only': {
        input: inputOf(remade((c) => ({ ...c, score: 1 }))),
        says: [
          '12 ties, each counted ½',
          'No interval: no variation between resamples.',
          'No histogram of margins: all of them are 0 (0 wins, 12 ties, 0 losses)',
          'Strictly, a tie lost: 0.0%',
        ],
      },
      'one row': {
        input: inputOf(demoPairs.slice(0, 1)),
        says: ['this share of 1 pair (1 prompt)', 'All 1 row of the run'],
      },
      'completions only': {
        input: inputOf([], {
          accuracy: null,
          completions: demoPairs.slice(0, 5).map((p, index) => ({ ...p.rejected, role: 'completion', index })),
          prompts: new Map([[demoPairs[0]!.id, 'the prompt']]),
        }),
        says: ['the data holds no pairs, its completions stand alone or in groups', 'All 5 rows of the run'],
      },
      'completions without a target': {
        input: inputOf([], {
          accuracy: null,
          completions: demoPairs
            .slice(0, 5)
            .map((p, index) => unverified({ ...p.rejected, role: 'completion', index })),
        }),
        says: [
          'the data holds no pairs, its completions stand alone or in groups. Chapters on pairs (accuracy by subset, length, strata) are left out.',
          'Learned score of all completions. n = 5',
        ],
      },
    }
    it.each(Object.entries(cases))('%s', (_, { input, says }) => {
      const text = textOf(renderReport(input))
      for (const sentence of says) expect(text).toContain(sentence)
      expect(text).not.toMatch(/\b(NaN|undefined|Infinity)\b/)
    })
  })

  it('calls rows without a subset (none) in every table and figure, and has no line for them where no row has one', () => {
    const of = (subset: (i: number) => string): string =>
      renderReport(
        inputOf(
          demoPairs.slice(0, 12).map((p, i) => {
            const changes = { subset: subset(i) }
            return pairOf({ ...p.chosen, ...changes }, { ...p.rejected, ...changes }, p.prompt, p.extra)
          }),
        ),
      )
    const some = of((i) => (i % 2 === 0 ? '' : 'x'))
    expect(some).toContain('<a href="#pairs?subset=">(none)</a>')
    expect(/id="fig-accuracy-by-subset">.*?<\/figure>/s.exec(some)![0]).toContain('<td>(none)</td>')
    const none = of(() => '')
    expect(none).not.toContain('href="#pairs?subset=')
    expect(none).not.toContain('id="fig-accuracy-by-subset"')
    expect(textOf(none)).toContain('Overall')
  })

  it('has no chapter on pairs where there is none', () => {
    const completions = demoPairs.slice(0, 5).map((p, index) => ({ ...p.rejected, role: 'completion' as const, index }))
    const chapters = (html: string) => [...html.matchAll(/<section id="([^"]*)"/g)].map(([, id]) => id)
    const single = renderReport(inputOf([], { accuracy: null, completions, statistics: [] }))
    expect(chapters(single)).toEqual([
      'headline',
      'agreement',
      'scores',
      'reasons',
      'failures',
      'completions',
      'provenance',
    ])
    for (const words of ['chosen against rejected', 'No margins', 'No reliability', 'No cross table'])
      expect(textOf(single)).not.toContain(words)
    expect(chapters(renderReport(demoInput()))).toEqual([
      'headline',
      'subsets',
      'agreement',
      'scores',
      'calibration',
      'length',
      'strata',
      'reasons',
      'failures',
      'pairs',
      'provenance',
    ])
  })

  it('shows single completions with their prompts', () => {
    const completions = demoPairs.slice(0, 3).map((p): ScoredCompletion => ({ ...p.chosen, role: 'completion' }))
    const prompts = new Map([[completions[1]!.id, 'what is it?']])
    const table = tableOf(renderReport(inputOf([], { accuracy: null, completions, prompts })), 'completions')!
    expect(table.details.map(({ prompt }) => prompt === null)).toEqual([true, false, true])
    expect(table.texts[table.details[1]!.prompt!]).toBe('what is it?')
  })

  it('keeps the informative rows where not all fit, in the order of the data, and says so', () => {
    const html = renderReport(demoInput(), { ...LIMITS, rows: 60 })
    const table = tableOf(html, 'pairs')!
    const ids = table.columns.find(({ key }) => key === 'id')!.values as string[]
    const disagreeing = demoPairs.filter((pair) => pair.agree === 0).map((pair) => pair.id)
    expect(ids).toHaveLength(60)
    expect(ids).toEqual(expect.arrayContaining(disagreeing)) // all 49
    expect(ids).toEqual(demoPairs.map((pair) => pair.id).filter((id) => ids.includes(id)))
    expect(textOf(html)).toContain('60 of 300 rows: disagreements first')
  })

  it('cuts the longest texts to fit, and says so', () => {
    const html = renderReport(demoInput(), { ...LIMITS, textLength: 60_000 })
    const { texts, left } = tableOf(html, 'pairs')!
    const length = texts.reduce<number>(
      (sum, t) => sum + (typeof t === 'string' ? t.length : t[0].length + t[2].length),
      0,
    )
    expect(length).toBeLessThanOrEqual(60_000)
    expect(left.clippedTexts).toBeGreaterThan(0)
    expect(textOf(html)).toContain('long texts lost the middle')
  })

  it('cuts any text of more than 200,000 characters, and says so', () => {
    const [first, ...others] = demoPairs
    const text = `${'a'.repeat(10_000_000)}z`
    const pairs = [{ ...first!, chosen: { ...first!.chosen, text } }, ...others]
    const html = renderReport({ ...demoInput(), pairs })
    const { texts, left } = tableOf(html, 'pairs')!
    const cut = texts.flatMap((one) => (typeof one === 'string' ? [] : [one]))
    expect(cut.map(([head, between, tail]) => [head.length, between, tail.at(-1)])).toEqual([[133_334, 9_800_001, 'z']])
    expect(left.clippedTexts).toBe(1)
    expect(textOf(html)).toContain('1 long text lost the middle')
  })

  it('draws and lists the largest of many subsets, and says so', () => {
    const line = demoInput().accuracy!.overall
    const names = Array.from({ length: 5000 }, (_, i) => `subset ${i}`)
    const subsets = Object.fromEntries(names.map((name, i) => [name, { ...line, n: (i * 7919) % 5000 }]))
    const statistics = [...demoInput().statistics]
    const pairs = statistics.find(({ scope, statistic }) => scope === 'pairs' && statistic === 'accuracy_half')!
    for (const subset of names) statistics.push({ ...pairs, subset })
    const start = process.cpuUsage()
    const html = renderReport({ ...demoInput(), statistics, accuracy: { ...demoInput().accuracy!, subsets } })
    // each line looking through all statistics takes a minute
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(20)
    expect(textOf(html)).toContain('The 500 of 5,000 subsets that have most pairs')
    expect(textOf(html)).toContain('The 60 of 5,000 subsets that have most pairs')
    expect(html.match(/<th scope="row"><a href="[^"]*">subset \d+<\/a>/g)).toHaveLength(500)
  })

  it('draws the most informative molecules first, within its budget', () => {
    const drawn: string[] = []
    const answers: ReportInput['answers'] = {
      answer: ({ id, role }) => ({ text: `${id} ${role}`, read: true }),
      expected: () => null,
    }
    const molecules: ReportInput['molecules'] = {
      draw: (smiles) => {
        drawn.push(smiles)
        return `<svg width='10px' height='10px'><path d='M 0,0 L 1,1' style='fill:none;stroke:#000000'/></svg>`
      },
      differingAtoms: () => null,
    }
    const html = renderReport({ ...demoInput(), answers, molecules }, { ...LIMITS, drawings: 4 })
    const worst = demoPairs.filter((p) => p.agree === 0).toSorted((a, b) => a.margin! - b.margin!)
    expect(drawn).toEqual(worst.slice(0, 2).flatMap(({ id }) => [`${id} chosen`, `${id} rejected`]))
    expect(tableOf(html, 'pairs')!.left.undrawn).toBe(596)
    const chosen = tableOf(html, 'pairs')!.details.flatMap(({ completions }) => completions)
    expect(chosen.filter(({ undrawn }) => undrawn === 'room')).toHaveLength(596)
    expect(textOf(html)).toContain('596 molecules of less informative rows are not drawn')
  })

  it('keeps an answer that is no molecule, clipped, and says so', () => {
    const answers = { answer: () => ({ text: 'x'.repeat(5000), read: true }), expected: () => null }
    const molecules = { draw: () => null, differingAtoms: () => null }
    const { details } = tableOf(renderReport({ ...demoInput(molecules), answers }), 'pairs')!
    expect(details[0]!.completions[0]).toMatchObject({
      answer: `${'x'.repeat(300)}…`,
      drawing: null,
      undrawn: 'answer',
    })
  })

  it('carries no column of the input that says what one of ours says', () => {
    const pairs = demoPairs.map((p) => ({ ...p, extra: { ...p.extra, mine: p.subset, fault: p.extra.reject_kind } }))
    const { columns } = tableOf(renderReport(inputOf(pairs)), 'pairs')!
    expect(columns.map(({ key }) => key).filter((key) => key.startsWith('extra.'))).toEqual([
      'extra.reject_kind',
      'extra.fault',
    ])
  })

  it('puts ranges of a number in its order', () => {
    const html = renderReport(demoInput())
    const figure = /<figure id="fig-accuracy-by-smiles-length">.*?<\/figure>/s.exec(html)![0]
    const names = [...figure.matchAll(/<tr><td>([^<]*)<\/td>/g)].map(([, name]) => name)
    expect(names).toEqual(['≤ 10', '11–20', '21–40'])
  })
})
