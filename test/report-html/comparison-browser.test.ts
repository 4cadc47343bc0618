import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { analyse } from '../../analysis/analyze.ts'
import { comparedRun } from '../../analysis/compared-runs.ts'
import { findRuns, readRun } from '../../analysis/run-folders.ts'
import { packagePath } from '../../src/package.ts'
import type { ComparedPair, CompareInput } from '../../src/report/compare/input.ts'
import { renderComparison } from '../../src/report/compare/report.ts'
import { LIMITS } from '../../src/report/html/limits.ts'
import { dpoScores, rmScores, demoPairs as scoredDemo } from '../agreement/demo.ts'
import { writeRun } from '../analysis/fixture.ts'
import { call } from '../command.ts'
import { violations } from './axe.ts'
import { BrowserSession, chromiumPath } from './browser-session.ts'
import { asRun, writeDemoRuns } from './comparison-runs.ts'
import { demoPairs } from './demo-input.ts'
import { picture } from './pictures.ts'

const rowsShown = (page: Page): Promise<string[]> => page.locator('.rows tr.row .open').allTextContents()
const status = (page: Page): Promise<string | null> => page.locator('.status output').textContent()
const control = (page: Page, name: string) => page.getByRole('combobox', { name, exact: true })

const HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)> & "quoted" \u0007 \u202e'

describe.skipIf(chromiumPath === null)('report.html of an analysis in chromium', () => {
  const settings = { seed: 0, resamples: 100 }
  let session: BrowserSession
  let results: string
  let report: string
  let input: CompareInput
  beforeAll(async () => {
    session = await BrowserSession.open()
    results = mkdtempSync(join(tmpdir(), 'chemherm-comparison-'))
    await writeDemoRuns(results)
    await writeRun(results, 'a-fourth', asRun(scoredDemo(dpoScores(0.5))))
    const done = await call('analyze', [
      '--resamples',
      '100',
      '--output-dir',
      results,
      '--data-file',
      packagePath('src/embedded/demo/pairs.jsonl'),
    ])
    expect(done.code).toBe(0)
    report = readFileSync(join(results, 'analysis', 'pairs', 'report.html'), 'utf8')
    const runs = await Promise.all(findRuns(results).map(readRun))
    const analysis = analyse('pairs', runs, settings)
    input = {
      dataset: 'pairs',
      command: 'analyze',
      settings,
      runs: analysis.runs.map(comparedRun),
      files: analysis.csv,
      faults: [],
      notes: analysis.notes,
      warnings: [],
      infos: [],
      rows: null,
      molecules: null,
    }
  })
  afterAll(async () => {
    await session?.close()
    rmSync(results, { recursive: true, force: true })
  })

  it('opens from disk without a complaint and without a request, and shows rows where A is right and B wrong', async () => {
    const { page, complaints, requests } = await session.show(report)
    expect(await page.locator('h1').textContent()).toBe('pairs 4 scorers beside each other')
    expect(await status(page)).toBe('300 rows')
    await control(page, 'Scorer A').selectOption({ label: 'D demo-reward-model' })
    await control(page, 'Scorer A is').selectOption('right')
    await control(page, 'Scorer B').selectOption({ label: 'C demo-policy-dpo__vs__demo-ref-sft' })
    await control(page, 'Scorer B is').selectOption('wrong')
    const [rm, dpo] = [rmScores(), dpoScores()]
    const wins = (scores: typeof rm, id: string): number => Math.sign(scores[id]![0] - scores[id]![1])
    const expected = Object.keys(rm).filter((id) => wins(rm, id) > 0 && wins(dpo, id) < 0)
    expect(await status(page)).toBe(`${expected.length} of 300 rows`)
    await page.locator('.pager select').selectOption('200')
    expect((await rowsShown(page)).sort()).toEqual(expected.sort())
    // a reader's own filter on top, and the address finds it again
    await control(page, 'Subset').selectOption({ index: 1 })
    const left = await status(page)
    const hash = await page.evaluate(() => location.hash)
    const again = await session.show(report, hash)
    expect(await status(again.page)).toBe(left)
    expect(await control(again.page, 'Scorer A is').inputValue()).not.toBe('')
    await page.getByRole('button', { name: 'Reset' }).click()
    expect(await status(page)).toBe('300 rows')
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] })
  })

  it('leads from a number of the matrix to its rows, with texts, molecules and every score', async () => {
    const { page, complaints } = await session.show(report)
    const link = page.locator('#disagreements td a').first()
    const n = await link.textContent()
    await link.click()
    await expect.poll(() => status(page)).toBe(`${n} of 300 rows`)
    await page.locator('.rows .open').first().click()
    const [id] = await rowsShown(page)
    const pair = demoPairs.find((one) => one.id === id)!
    expect(await page.locator('tr.detail pre').allTextContents()).toEqual([
      pair.prompt,
      pair.chosen.text,
      pair.rejected.text,
    ])
    const lines = await page.locator('tr.detail table tbody tr').allTextContents()
    expect(lines).toHaveLength(11)
    expect(lines.filter((line) => /^[A-D] /.test(line))).toHaveLength(4)
    expect(await page.locator('tr.detail svg').count()).toBeGreaterThan(0)
    expect(complaints).toEqual([])
  })

  it('sorts by the margin of a model, and gives the rows as CSV', async () => {
    const { page } = await session.show(report)
    await page.getByRole('button', { name: 'D demo-reward-model' }).click()
    const rm = rmScores()
    const margin = (id: string): number => rm[id]![0] - rm[id]![1]
    const sorted = Object.keys(rm).sort((a, b) => margin(a) - margin(b))
    expect((await rowsShown(page)).slice(0, 20)).toEqual(sorted.slice(0, 20))
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV of these rows' }).click()
    const rows: Record<string, string>[] = parse(readFileSync(await (await download).path(), 'utf8'), { columns: true })
    expect(rows).toHaveLength(300)
    expect(Number(rows[0]!['margin.3'])).toBe(margin(rows[0]!.id!))
    expect(rows.every((row) => ['right', 'wrong', 'tie'].includes(row['outcome.3']!))).toBe(true)
  })

  it.each([
    ['light', 'screen'],
    ['dark', 'screen'],
    ['light', 'print'],
  ] as const)(
    'has no side scroll at any width, and nothing that axe-core finds: %s, %s',
    async (colorScheme, media) => {
      const { page, complaints } = await session.show(report)
      await page.emulateMedia({ colorScheme, media })
      const found: string[] = []
      for (const width of [390, 1280, 1920]) {
        await page.setViewportSize({ width, height: 900 })
        await page.evaluate(() => {
          for (const fold of document.querySelectorAll('details')) fold.open = true
          document.querySelector<HTMLElement>('.rows:not(:has(tr.detail)) .open')?.click()
        })
        await page.waitForTimeout(100)
        if (media === 'screen')
          expect(await page.evaluate(() => document.documentElement.scrollWidth), `at ${width}`).toBeLessThanOrEqual(
            width,
          )
        // axe-core takes seconds on a page of tables; colours do not depend on the width
        if (media === 'screen' && (colorScheme === 'light' ? width < 1920 : width === 1280))
          found.push(...(await violations(page)).map((line) => `${width}: ${line}`))
        await picture(page, `comparison-${width}-${media === 'print' ? media : colorScheme}`)
      }
      expect([...new Set(found)]).toEqual([])
      expect(complaints).toEqual([])
    },
  )

  const shown = (scorers: number): CompareInput['rows'] => ({
    total: 50_000,
    disagreeing: 30_000,
    scorers: Array.from({ length: scorers }, (_, k) => ({
      name: k < 8 ? `model-${k}` : `null:base_${k}`,
      model: k < 8,
    })),
    pairs: Array.from({ length: 12_000 }, (_, i): ComparedPair => {
      const pair = demoPairs[i % demoPairs.length]!
      return {
        pair: { ...pair, id: `row-${i}`, prompt: `${pair.prompt} (${i})` },
        texts: true,
        margins: Array.from({ length: scorers }, (_, k) => Math.sin(i * (k + 1)) * 3),
        scores: Array.from({ length: 8 }, (_, k) => [Math.cos(i * (k + 1)), 0.5] as const),
      }
    }),
    withoutTexts: null,
    withoutVerdicts: null,
  })

  it('holds 10,000 rows of eight models, and says how many more there are and where', async () => {
    const html = renderComparison({ ...input, rows: shown(12) }).text
    const { page, complaints } = await session.show(html)
    expect(await status(page)).toBe('10,000 rows')
    expect(await page.locator('#pairs > .note').textContent()).toContain(
      '10,000 of 50,000 pairs that the runs share; the other 40,000 are in pairs.csv of each run',
    )
    const timed = (what: string): Promise<number> =>
      page.evaluate((code) => {
        const start = performance.now()
        new Function(code)()
        document.body.getBoundingClientRect()
        return performance.now() - start
      }, what)
    const loaded = await page.evaluate(() => performance.getEntriesByType('navigation')[0]!.duration)
    const change = (k: number, value: string): string =>
      `{ const s = document.querySelectorAll('.duel')[${k}].querySelectorAll('select'); s[1].value = '${value}'; s[1].dispatchEvent(new Event('change')) }`
    const filter = await timed(`${change(0, 'right')}; ${change(1, 'not right')}`)
    const filtered = Number((await status(page))!.split(' ')[0]!.replace(',', ''))
    expect(filtered).toBe(
      Array.from({ length: 10_000 }, (_, i) => i).filter((i) => Math.sin(i) > 0 && !(Math.sin(2 * i) > 0)).length,
    )
    const reset = await timed(`${change(0, '')}; ${change(1, '')}`)
    const sort = await timed(`document.querySelectorAll('.rows thead button')[4].click()`)
    const open = await timed(`document.querySelector('.rows .open').click()`)
    console.info(
      `10,000 rows × 8 models and 4 baselines: ${(html.length / 1e6).toFixed(1)} MB, load ${loaded.toFixed(0)} ms, filter ${filter.toFixed(1)} ms, no filter ${reset.toFixed(1)} ms, sort ${sort.toFixed(1)} ms, open ${open.toFixed(1)} ms`,
    )
    expect(html.length).toBeLessThan(30e6)
    expect(await page.locator('.rows tr.row').count()).toBe(50)
    expect(complaints).toEqual([])
  })

  it('shows hostile names and texts as text', async () => {
    const hostile = (list: readonly (readonly unknown[])[]) =>
      list.map((row) => row.map((cell) => (cell === 'demo-reward-model' ? HOSTILE : cell)))
    const rows = shown(2)!
    const html = renderComparison(
      {
        ...input,
        dataset: HOSTILE,
        command: HOSTILE,
        notes: [HOSTILE],
        warnings: [HOSTILE],
        runs: input.runs.map((run) => ({ ...run, scorer: HOSTILE, where: HOSTILE, versions: { [HOSTILE]: HOSTILE } })),
        files: Object.fromEntries(
          Object.entries(input.files).map(([name, { columns, rows: all }]) => [
            name,
            { columns, rows: hostile([...all]) as (string | number | null)[][] },
          ]),
        ),
        faults: [],
        rows: {
          ...rows,
          scorers: rows.scorers.map((scorer) => ({ ...scorer, name: HOSTILE })),
          pairs: rows.pairs.slice(0, 5).map((one) => ({
            ...one,
            pair: {
              ...one.pair,
              id: HOSTILE,
              subset: HOSTILE,
              prompt: HOSTILE,
              chosen: { ...one.pair.chosen, text: HOSTILE, verifiableReason: HOSTILE },
            },
          })),
        },
      },
      LIMITS,
    ).text
    const { page, complaints, requests } = await session.show(html)
    await page.locator('.rows .open').first().click()
    expect(await page.locator('tr.detail pre').first().textContent()).toContain('</script><script>')
    expect(await page.title()).not.toBe('owned')
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('script').count()).toBe(2)
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] })
  })
})
