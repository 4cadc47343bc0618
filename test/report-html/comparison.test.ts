import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { JSDOM } from 'jsdom'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tellingRows } from '../../analysis/telling-rows.ts'
import { AGREEMENT_COLUMNS, agreement, agreementRow } from '../../src/agreement/agreement.ts'
import { packagePath } from '../../src/package.ts'
import { completionHash } from '../../src/plain-text.ts'
import { shownNames } from '../../src/report/compare/sections/leaderboard.ts'
import { writeCsv } from '../../src/report/csv.ts'
import { count, decimal, interval, measured, percent, percentInterval, points } from '../../src/report/html/numbers.ts'
import type { RowTable } from '../../src/report/html/row-table.ts'
import { demoPairs, rmScores } from '../agreement/demo.ts'
import { writeRun } from '../analysis/fixture.ts'
import { call } from '../command.ts'
import { asRun, MODELS, writeDemoRuns } from './comparison-runs.ts'

/** report.html of an analysis, made by the command, against the CSV files beside it. */
const folder = mkdtempSync(join(tmpdir(), 'chemherm-comparison-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const DATA = packagePath('src/embedded/demo/pairs.jsonl')
const data = new Map(
  readFileSync(DATA, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; prompt: { content: string }[]; chosen: string; rejected: string })
    .map((row) => [row.id, row]),
)
type Csv = Record<string, string>
const number = (cell: string | undefined): number | null => (cell === '' || cell === undefined ? null : Number(cell))

class Analysed {
  readonly html: string
  readonly document: Document
  constructor(readonly path: string) {
    this.html = readFileSync(join(path, 'report.html'), 'utf8')
    this.document = new JSDOM(this.html).window.document
  }
  csv(name: string): Csv[] {
    return parse(readFileSync(join(this.path, name), 'utf8'), { columns: true })
  }
  /** Rows of the first table of a section whose caption matches, as texts of cells. */
  table(section: string, caption: RegExp): string[][] {
    const found = [...this.document.querySelectorAll(`#${section} table`)].find((table) =>
      caption.test(table.querySelector('caption')?.textContent ?? ''),
    )
    if (found === undefined) throw new Error(`no table ${caption} in ${section}`)
    return [...found.querySelectorAll('tbody tr')].map((row) =>
      [...row.children].map((cell) => (cell.textContent ?? '').replace(/\s+/g, ' ').trim()),
    )
  }
  figure(id: string): Csv[] {
    const href = this.document.querySelector<HTMLAnchorElement>(`#fig-${id} a.csv`)!.href
    return parse(Buffer.from(href.split('base64,')[1]!, 'base64').toString('utf8'), { columns: true })
  }
  text(selector: string): string {
    return (this.document.querySelector(selector)?.textContent ?? '').replace(/\s+/g, ' ')
  }
  get rows(): RowTable {
    return JSON.parse(this.document.getElementById('pairs-data')!.textContent!) as RowTable
  }
}

async function analysed(outputDir: string, ...args: string[]): Promise<Analysed & { readonly stderr: string }> {
  const { code, stderr } = await call('analyze', ['--resamples', '200', '--output-dir', outputDir, ...args])
  expect({ code, stderr }).toMatchObject({ code: 0 })
  const path = /files in (.*); open (.*)\/report\.html in a browser/.exec(stderr)!
  expect(path[2]).toBe(path[1])
  return Object.assign(new Analysed(path[1]!), { stderr })
}

const results = join(folder, 'results')
let page: Awaited<ReturnType<typeof analysed>>
beforeAll(async () => {
  await writeDemoRuns(results)
  page = await analysed(results, '--data-file', DATA)
})

const LETTER: Readonly<Record<string, string>> = Object.fromEntries(MODELS.map((name, i) => [name, 'ABC'[i]!]))
const named = (scorer: string): string =>
  scorer.replace(/^null:(.*)$/, 'baseline: $1').replace(/^ensemble:/, 'ensemble: ')

describe('report.html of an analysis', () => {
  it('has the leaderboard of leaderboard.csv, as a table and as a plot', () => {
    const csv = page.csv('leaderboard.csv')
    const shown = page.table('leaderboard', /leaderboard\.csv/)
    expect(shown).toHaveLength(csv.length)
    for (const [i, row] of csv.entries()) {
      const [rank, scorer, half, ci, strict, ties, pairs, prompts, missing] = shown[i]!
      expect(scorer).toContain(named(row.scorer!))
      expect([rank, half, strict, ties, pairs, prompts, missing]).toEqual([
        row.rank,
        percent(number(row.half)),
        percent(number(row.strict)),
        percent(number(row.tie_rate)),
        count(Number(row.n)),
        count(Number(row.clusters)),
        count(Number(row.missing)),
      ])
      if (row.half_low !== '') expect(ci).toBe(percentInterval(number(row.half_low), number(row.half_high)))
    }
    expect(page.figure('leaderboard')).toEqual(
      csv.map((row) => ({
        scorer: row.scorer,
        accuracy: row.half,
        ci_low: row.half_low,
        ci_high: row.half_high,
        n: row.n,
      })),
    )
    // baselines stand in it, ensembles are said to be such
    expect(shown.map(([, scorer]) => scorer).join()).toMatch(/ensemble: mean of all 3.*baseline: longest/)
  })

  it('has the tests of paired-tests.csv, and says "not distinguishable" where the interval covers 0', () => {
    const csv = page.csv('paired-tests.csv')
    for (const [statistic, caption, share] of [
      ['accuracy_half', /^Accuracy:/, true],
      ['auroc', /^AUROC:/, false],
    ] as const) {
      const tests = csv.filter((row) => row.statistic === statistic)
      const shown = page.table('differences', caption)
      expect(shown).toHaveLength(3)
      for (const [i, row] of tests.entries()) {
        const [names, a, b, difference, ci, verdict, p, holm, bh] = shown[i]!
        expect(names).toBe(`${LETTER[row.a!]} ${row.a} − ${LETTER[row.b!]} ${row.b}`.replace(' − ', '− '))
        const value = (cell: string): string => (share ? percent(Number(cell)) : measured(Number(cell)))
        const [low, high] = [Number(row.ci_low), Number(row.ci_high)]
        expect([a, b, difference, ci, p, holm, bh]).toEqual([
          value(row.value_a!),
          value(row.value_b!),
          share ? points(Number(row.difference)) : measured(Number(row.difference)),
          share ? percentInterval(low, high) : interval(low, high),
          decimal(Number(row.p)),
          decimal(Number(row.p_holm)),
          decimal(Number(row.p_bh)),
        ])
        const higher = `${LETTER[low > 0 ? row.a! : row.b!]} higher`
        expect(verdict).toBe(
          low <= 0 && high >= 0
            ? 'not distinguishable'
            : Number(row.p_holm) < 0.05
              ? higher
              : `${higher}; not after Holm`,
        )
      }
      expect(new Set(shown.map(([, , , , , verdict]) => verdict === 'not distinguishable')).has(true)).toBe(true)
    }
    expect(page.figure('differences-accuracy-half').map((row) => [row.a, row.b, row.difference, row.p_holm])).toEqual(
      csv.filter((row) => row.statistic === 'accuracy_half').map((row) => [row.a, row.b, row.difference, row.p_holm]),
    )
  })

  it('has subsets × models with intervals and n, and their heterogeneity', () => {
    const csv = page.csv('subsets.csv')
    const shown = page.table('subsets', /on each subset/)
    expect(shown.map(([name]) => name)).toEqual([
      ...new Set(csv.filter(({ level }) => level === 'subset').map(({ subset }) => subset)),
      'All pairs',
    ])
    for (const [name, ...cells] of shown)
      for (const [k, model] of MODELS.entries()) {
        const row = csv.find(
          (r) => r.scorer === model && (name === 'All pairs' ? r.level === 'overall' : r.subset === name),
        )!
        expect(cells[k]).toBe(
          `${percent(number(row.half))}${percentInterval(number(row.half_low), number(row.half_high))} n = ${row.n}`,
        )
      }
    const q = page.csv('heterogeneity.csv')
    expect(page.table('subsets', /Cochran/).map(([, value, df, , p]) => [value, df, p])).toEqual(
      q.map((row) => [decimal(number(row.cochran_q)), row.df, decimal(number(row.p))]),
    )
  })

  it('leads with the pairs in which both answers are well-formed, by model', () => {
    const pairs = asRun(demoPairs(rmScores())).pairs
    const both = pairs.filter(({ fault }) => fault!.wellFormed)
    const right = both.filter(({ margin }) => margin! > 0).length
    const [line] = page.figure('both-well-formed').filter(({ scorer }) => scorer === 'demo-reward-model')
    expect([Number(line!.n), Number(line!.accuracy)]).toEqual([both.length, right / both.length])
    expect(page.text('#leaderboard .prose')).toContain(`Where both answers are well-formed`)
    expect(page.text('#leaderboard')).toContain('(answer tag, smiles parses); they are known over each run')
    expect(page.text('#leaderboard .prose')).toContain(`(${both.length} pairs)`)
    const csv = page.csv('agreement.csv')
    const shown = page.table('faults', /how the rejected answer fails/)
    expect(shown.map(([name]) => name)).toEqual(['both well-formed', 'wrong', 'invalid', 'format', 'all pairs'])
    for (const [i, [scope, subset]] of [
      ['stratum:well_formed', 'both'],
      ['stratum:rejected_fault', 'wrong'],
      ['stratum:rejected_fault', 'invalid'],
      ['stratum:rejected_fault', 'format'],
      ['pairs', 'all'],
    ].entries())
      for (const [k, model] of MODELS.entries()) {
        const row = csv.find(
          (r) => r.scorer === model && r.scope === scope && r.subset === subset && r.statistic === 'accuracy_half',
        )!
        expect(shown[i]![k + 2]).toBe(
          `${percent(number(row.value))}${percentInterval(number(row.ci_low), number(row.ci_high))} n = ${row.n}`,
        )
      }
  })

  it('calls a baseline by one name, in its warnings too', () => {
    expect(shownNames('baselines that do better: null:smiles_parses (a, null:b)')).toBe(
      'baselines that do better: smiles parses (a, null:b)',
    )
  })
  it('holds each model against the baselines of its own report', async () => {
    const own = join(folder, 'baselines')
    cpSync(results, own, { recursive: true })
    rmSync(join(own, 'analysis'), { recursive: true })
    const { pairs, completions } = asRun(demoPairs(rmScores()))
    // as a run writes it; half of the answers "parse"
    const { statistics } = agreement(pairs, completions, {
      seed: 0,
      resamples: 200,
      parses: (smiles) => smiles.length % 2 === 0,
    })
    const path = join(own, 'demo-reward-model', 'pairs', 'agreement.csv')
    await writeCsv(path, AGREEMENT_COLUMNS, statistics.map(agreementRow))
    const with6 = await analysed(own)
    const lines = with6
      .csv('agreement.csv')
      .filter(({ scorer, scope }) => scorer === MODELS[2] && scope!.startsWith('null:'))
    const written = parse(readFileSync(path, 'utf8'), { columns: true }) as Csv[]
    const shown = with6.table('baselines', /know no chemistry/)
    expect(shown.map(([name]) => name)).toEqual([
      'longest',
      'shortest',
      'constant',
      'random',
      'answer tag',
      'smiles parses',
    ])
    for (const [name, , ...leads] of shown) {
      const scope = `null:${name!.replace(' ', '_')}`
      const [line, want] = [lines, written].map(
        (all) =>
          all.find((row) => row.scope === scope && row.subset === 'all' && row.statistic === 'model_minus_null')!,
      ) as [Csv, Csv]
      expect({ ...line, scorer: '' }).toEqual({ ...want, scorer: '' })
      expect(leads[2]).toContain(points(Number(want.value)))
      expect(leads[2]).toContain(percentInterval(number(want.ci_low), number(want.ci_high)))
      // the others have no agreement.csv, and texts are not in pairs.csv
      expect(leads[0] === '').toBe(name === 'answer tag' || name === 'smiles parses')
    }
    // of few prompts an interval around 0 says nothing
    const about = async (clusters: number): Promise<string> => {
      const even = statistics.map((s) =>
        s.statistic === 'model_minus_null' ? { ...s, value: 0.01, ciLow: -0.1, ciHigh: 0.1, clusters } : s,
      )
      await writeCsv(path, AGREEMENT_COLUMNS, even.map(agreementRow))
      return (await analysed(own)).table('baselines', /know no chemistry/).find(([name]) => name === 'answer tag')![4]!
    }
    expect(await about(20)).toContain('not distinguishable')
    expect(await about(19)).not.toContain('not distinguishable')
    // one of other pairs is not believed
    const edited = statistics.map((s) =>
      s.scope === 'pairs' && s.statistic === 'accuracy_half' ? { ...s, value: 0.1 } : s,
    )
    await writeCsv(path, AGREEMENT_COLUMNS, edited.map(agreementRow))
    const without = await analysed(own)
    expect(without.stderr).toContain('is not of the pairs beside it; its baselines of texts and the AUROC of all')
    expect(without.table('baselines', /know no chemistry/)).toHaveLength(4)
  })

  it('has every statistic of agreement.csv over all rows, a scorer per column', () => {
    const csv = page.csv('agreement.csv')
    const shown = page.table('verifier', /Statistics over all rows/)
    for (const [title, statistic] of [
      ['AUROC of the score', 'auroc'],
      ['Cohen’s κ', 'cohen_kappa'],
      ['Kendall’s τ-b', 'kendall_tau_b'],
      ['Brier score', 'brier'],
    ]) {
      const line = shown.find(([name]) => name === title)!
      for (const [k, model] of MODELS.entries()) {
        const row = csv.find(
          (r) => r.scorer === model && r.subset === 'all' && r.statistic === statistic && r.value !== '',
        )!
        expect(line[k + 1]).toContain(measured(Number(row.value)))
        expect(line[k + 1]).toContain(`n = ${count(Number(row.n))}`)
      }
    }
  })

  it('has the agreement of every two scorers', () => {
    const csv = page.csv('scorer-agreement.csv')
    const shown = page.table('alike', /decide alike/)
    const at = (a: string, b: string): string => {
      const [i, k] = [a, b].map((name) => shown.findIndex(([head]) => head!.endsWith(named(name)))) as [number, number]
      return shown[i]![k + 1]!
    }
    for (const row of csv) {
      const text = `${percent(number(row.agreement_rate))}n = ${row.n}`
      expect([at(row.a!, row.b!), at(row.b!, row.a!)]).toEqual([text, text])
    }
    const all = page.table('alike', /both orders/)
    expect(all.map(([, , , kappa, consistency, rho]) => [kappa, consistency, rho])).toEqual(
      csv.map((row) => [row.kappa, row.error_consistency, row.spearman].map((cell) => measured(Number(cell)))),
    )
  })

  it('lists the rows with texts, verdicts and what every scorer makes of them', () => {
    const { columns, details, texts, versus } = page.rows
    expect(details).toHaveLength(300)
    expect(versus!.keys).toHaveLength(10)
    const words = (key: string): string[] => {
      const column = columns.find((one) => one.key === key)!
      return column.kind === 'choice' ? column.values.map((value) => column.words[value]!) : []
    }
    const labels = versus!.keys.map((key) => columns.find((one) => one.key === key)!.label)
    const outcomes = (scorer: string): string[] =>
      words(versus!.keys[labels.findIndex((label) => label.endsWith(` ${named(scorer)}`))]!)
    for (const row of page.csv('paired-tests.csv').filter(({ statistic }) => statistic === 'accuracy_half')) {
      const [a, b] = [outcomes(row.a!), outcomes(row.b!)]
      expect(a.filter((word, i) => word === 'right' && b[i] !== 'right')).toHaveLength(Number(row.discordant_a))
      expect(b.filter((word, i) => word === 'right' && a[i] !== 'right')).toHaveLength(Number(row.discordant_b))
    }
    const ids = columns.find(({ key }) => key === 'id')!.values as string[]
    const scores = rmScores()
    for (const [i, id] of ids.entries()) {
      const { prompt, completions, numbers } = details[i]!
      const row = data.get(id)!
      expect([texts[prompt!], ...completions.map(({ text }) => texts[text!])]).toEqual([
        row.prompt[0]!.content,
        row.chosen,
        row.rejected,
      ])
      const [chosen, rejected] = scores[id]!
      expect(numbers!.rows.find(([name]) => name === 'C demo-reward-model')!.slice(2)).toEqual([
        chosen,
        rejected,
        chosen - rejected,
      ])
    }
    // what models decide differently comes first
    const rights = columns.find(({ key }) => key === 'right')!.values as number[]
    const split = rights.filter((n) => n > 0 && n < 3).length
    expect(rights.slice(0, split).every((n) => n > 0 && n < 3)).toBe(true)
    expect(page.text('#disagreements .prose')).toContain(`On ${split} of 300 pairs`)
    // molecules are drawn, answers found
    expect(page.rows.drawings.length).toBeGreaterThan(100)
    expect(details[0]!.expected).toBeDefined()
  })

  it('is the same bytes from the same runs, and names what it was made of', async () => {
    const again = await analysed(results, '--data-file', DATA)
    expect(again.html).toBe(page.html)
    expect(page.stderr).toContain('open ')
    const text = page.text('#provenance')
    expect(text).toContain('no run.json: model, revision, data hash, versions and command line are not known')
    expect(text).toContain(`--output-dir ${results}`)
    for (const model of MODELS) expect(text).toContain(model)
  })

  it('says which rows are not on the page, why there are no texts, and of whom run.json knows more', async () => {
    const other = join(folder, 'other')
    cpSync(results, other, { recursive: true })
    rmSync(join(other, 'analysis'), { recursive: true })
    const manifest = {
      command: 'run-rm --model org/rm',
      created: '2026-01-02T03:04:05.000Z',
      config: { bin: 'run-rm' },
      versions: { chemherm: '9.9.9' },
      score: 'raw output',
      device: { device: 'cpu', provider: 'CPUExecutionProvider' },
      models: [{ role: 'rm', name: 'org/rm', revision: 'abc123', weights_sha256: 'f'.repeat(64), dtype: 'bf16' }],
      dataset: { id: 'gone', path: '/nowhere/pairs.jsonl', sha256: 'e'.repeat(64), revision: 'r1' },
    }
    writeFileSync(join(other, 'demo-reward-model', 'pairs', 'run.json'), JSON.stringify(manifest))
    const without = await analysed(other, '--model', 'demo-reward-model')
    const facts = without.text('#provenance')
    for (const word of ['run-rm --model org/rm', 'abc123', 'f'.repeat(64), 'e'.repeat(64), 'chemherm 9.9.9', 'bf16'])
      expect(facts).toContain(word)
    expect(without.text('#pairs .note')).toMatch(/No texts: .*(no longer there|not in the cache|gone)/)
    expect(
      without.rows.details.every(
        ({ prompt, completions }) => prompt === null && completions.every((c) => c.text === null),
      ),
    ).toBe(true)
    // one model: nothing to hold it against
    expect(without.document.getElementById('differences')?.textContent ?? '').not.toContain('Accuracy of one model')
    expect(without.document.getElementById('disagreements')).toBeNull()
  })

  it('takes no text that is not the one that was scored', async () => {
    const lines = readFileSync(DATA, 'utf8').trim().split('\n')
    const first = JSON.parse(lines[0]!) as { id: string; chosen: string }
    const file = join(folder, 'edited.jsonl')
    writeFileSync(
      file,
      `${[JSON.stringify({ ...first, chosen: `not ${first.chosen}` }), ...lines.slice(1)].join('\n')}\n`,
    )
    const edited = await analysed(results, '--data-file', file)
    expect(edited.text('#pairs .note')).toContain('1 of these pairs is not in the data, or has other texts there')
    const { columns, details } = edited.rows
    const ids = columns.find(({ key }) => key === 'id')!.values as string[]
    expect(details.filter(({ prompt }) => prompt === null)).toEqual([details[ids.indexOf(first.id)]])
  })

  it('reads score files of RewardBench, which have neither verdicts nor texts', async () => {
    const files = ['a', 'b'].map((model, k) => {
      const path = join(folder, `${model}.json`)
      const scores = Array.from({ length: 30 }, (_, i) => (i + k) % 3)
      writeFileSync(
        path,
        JSON.stringify({
          model,
          subset: scores.map((_, i) => (i % 2 === 0 ? 'even' : 'odd')),
          id: scores.map((_, i) => i),
          scores_chosen: scores,
          scores_rejected: scores.map(() => 1),
        }),
      )
      return path
    })
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const imported = await analysed(empty, '--rewardbench', files[0]!, '--rewardbench', files[1]!)
    const note = imported.text('#pairs .note')
    expect(note).toContain('No texts: a score file of RewardBench names no data set')
    expect(note).toContain('No verdicts: no run holds verifiable rewards')
    expect(imported.rows.details).toHaveLength(30)
    expect(imported.text('#verifier .absent')).toContain('No completion has a verdict')
    expect(imported.text('#provenance')).toContain('an imported score file')
  })

  it('says when models were measured on different rows', async () => {
    const uneven = join(folder, 'uneven')
    cpSync(results, uneven, { recursive: true })
    rmSync(join(uneven, 'analysis'), { recursive: true })
    const { pairs, completions } = asRun(demoPairs(rmScores()))
    const ids = new Set(pairs.slice(0, 280).map(({ id }) => id))
    await writeRun(uneven, 'demo-reward-model', {
      pairs: pairs.slice(0, 280),
      completions: completions.filter(({ id }) => ids.has(id)),
    })
    const shorter = await analysed(uneven)
    expect(shorter.text('#leaderboard')).toContain('20 further pairs that another run lacks are left out')
    expect(shorter.rows.details).toHaveLength(280)
  })
})

describe('report.html of an analysis of groups', () => {
  it('shows who chooses best, and the groups of which picks differ first, with their texts', async () => {
    const dir = join(folder, 'groups')
    const ids = Array.from({ length: 12 }, (_, i) => `g${i}`)
    const texts = (id: string): string[] => ['first', 'second', 'third'].map((word) => `${word} of ${id}`)
    const file = join(folder, 'groups.jsonl')
    writeFileSync(
      file,
      ids.map((id) => `${JSON.stringify({ id, subset: 's', prompt: `ask ${id}`, completions: texts(id) })}\n`).join(''),
    )
    // the second completion passes. model-a picks it always, model-b in every third group, of the last group it scores nothing
    const pick = (model: string, i: number): number => (model === 'model-a' || i % 3 === 0 ? 1 : 2)
    for (const model of ['model-a', 'model-b']) {
      const path = join(dir, model, 'data')
      mkdirSync(path, { recursive: true })
      const lines = ids.flatMap((id, i) =>
        texts(id).map((text, k) => {
          const score = model === 'model-b' && i === 11 ? '' : k === pick(model, i) ? 5 : k
          return `${id},s,completion,${k},${score},${k === 1 ? 1 : 0},${completionHash(text)}`
        }),
      )
      writeFileSync(
        join(path, 'scores.csv'),
        `id,subset,role,index,score,verifiable_reward,completion_hash\n${lines.join('\n')}\n`,
      )
    }
    const shown = await analysed(dir, '--data-file', file)
    const board = shown.csv('group-leaderboard.csv')
    expect(
      shown
        .table('choosing', /group-leaderboard\.csv/)
        .map(([scorer, best, , , , , ceiling]) => [scorer, best, ceiling]),
    ).toEqual(board.map((row) => [row.scorer, percent(number(row.best_of_n)), percent(number(row.pass_at_n))]))
    const curves = shown.csv('curves.csv').filter(({ subset, method }) => subset === 'all' && method === 'best_of_n')
    expect(
      shown
        .figure('best-of-n-curves')
        .filter(({ method }) => method === 'best_of_n')
        .map(({ scorer, n, value }) => [scorer, n, value]),
    ).toEqual(curves.map(({ scorer, n, value }) => [scorer, n, value]))
    const table = JSON.parse(shown.document.getElementById('groups-data')!.textContent!) as RowTable
    const outcome = (label: string): string[] => {
      const column = table.columns.find((one) => one.label === label)!
      return column.kind === 'choice' ? column.values.map((value) => column.words[value]!) : []
    }
    expect(new Set(outcome('A model-a'))).toEqual(new Set(['right']))
    expect(outcome('B model-b')).toEqual([...Array(7).fill('wrong'), 'no pick', ...Array(4).fill('right')])
    expect(shown.text('#groups .note')).toContain('others a wrong one (7)')
    const [first] = table.details
    expect(first!.completions.map(({ title, text }) => [title, table.texts[text!]])).toEqual([
      ['Completion 1, pick of A', 'second of g1'],
      ['Completion 2, pick of B', 'third of g1'],
    ])
    expect(table.texts[first!.prompt!]).toBe('ask g1')
    expect(first!.numbers!.rows).toEqual([
      ['0', 'fail', 0, 0],
      ['1 ★ A', 'pass', 5, 1],
      ['2 ★ B', 'fail', 2, 5],
    ])
    // none of these chapters asks for pairs
    expect(shown.document.getElementById('pairs')).toBeNull()
    expect(shown.text('#leaderboard .absent')).toContain('no run has pairs')
  })
})

describe('tellingRows', () => {
  const margins = (...rows: (readonly number[])[]) =>
    rows[0]!.map((_, m) => ({ margin: Float64Array.from(rows, (row) => row[m]!) }))
  const rows = margins(
    [1, 1, 1], // all right, wide
    [0.1, 0.1, 0.1], // all right, narrow
    [-1, -1, -1], // all wrong
    [1, Number.NaN, 1], // not scored by one
    [1, -1, 1], // one against two
    [2, -2, Number.NaN], // one against one, wider
    [0, 1, 1], // a tie is not right
  )
  it('has what models decide differently first, the widest apart in front, then what none has right', () => {
    const { rows: order, disagreeing } = tellingRows(rows, 7, 7)
    expect([...order]).toEqual([5, 4, 6, 2, 3, 1, 0])
    expect(disagreeing).toBe(3)
  })
  it('keeps the first of them where there is no room for all', () => {
    expect([...tellingRows(rows, 7, 2).rows]).toEqual([5, 4])
    expect([...tellingRows(rows, 7, 4).rows]).toEqual([5, 4, 6, 2])
    expect([...tellingRows([], 3, 2).rows]).toEqual([0, 1])
  })
})
