import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ReportInput } from '../../src/report/html/input.ts'
import { LIMITS } from '../../src/report/html/limits.ts'
import { renderReport } from '../../src/report/html/report.ts'
import type { ScoredCompletion, ScoredPair } from '../../src/types.ts'
import { violations } from './axe.ts'
import { BrowserSession, chromiumPath } from './browser-session.ts'
import { demoGroups, groupsInput } from './demo-groups.ts'
import { demoInput, demoPairs, pairOf } from './demo-input.ts'
import { demoMolecules } from './demo-molecules.ts'
import { stepsInput } from './demo-steps.ts'
import { picture } from './pictures.ts'

/** Enough of every kind of row, and few enough that axe-core goes through them in seconds. */
const few: readonly ScoredPair[] = demoPairs.slice(0, 28)
const SMALL = { ...LIMITS, tableRows: 12 }

const unscored = (c: ScoredCompletion): ScoredCompletion => ({ ...c, score: null, scoreReason: 'no_model' })

/** Of run-verify: verdicts without a model. */
function verifyInput(): ReportInput {
  const pairs = few.map((p) => pairOf(unscored(p.chosen), unscored(p.rejected), p.prompt, p.extra))
  const input = demoInput(null, pairs)
  const run = { ...input.run, command: 'run-verify', model: 'verifiable rewards alone', dtype: null }
  return { ...input, run, accuracy: null, calibration: null, suspects: [] }
}

/** A page in one state: everything folded, or the first row of every table and every fold open. */
async function unfold(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const fold of document.querySelectorAll('details')) fold.open = true
    for (const browser of document.querySelectorAll('.browser'))
      browser.querySelector<HTMLElement>('.rows:not(:has(tr.detail)) .open')?.click()
  })
  // frames that scroll are named when the page has its new width
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.scroll, .plot-frame')].every(
      (frame) => frame.scrollWidth > frame.clientWidth === (frame.getAttribute('tabindex') === '0'),
    ),
  )
}

/** Colours do not depend on the width, nor frames on the colours. */
const LOOKS = [
  ['light', 390],
  ['light', 1280],
  ['light', 1920],
  ['dark', 1280],
] as const
const KINDS = ['pairs', 'groups', 'process', 'verify'] as const

describe.skipIf(chromiumPath === null)('report.html for every reader', () => {
  let session: BrowserSession
  let reports: Readonly<Record<(typeof KINDS)[number], string>>
  beforeAll(async () => {
    session = await BrowserSession.open()
    const molecules = await demoMolecules()
    const pairs = demoInput(molecules, few)
    const scale = { name: 'implicit reward, β = 0.1', unit: 'nats' }
    const groups = groupsInput(molecules, demoGroups.slice(0, 12))
    reports = {
      pairs: renderReport({ ...pairs, run: { ...pairs.run, scale } }, SMALL),
      groups: renderReport(groups, SMALL),
      process: renderReport(stepsInput(), SMALL),
      verify: renderReport({ ...verifyInput(), molecules }, SMALL),
    }
  })
  afterAll(() => session?.close())

  it.each(KINDS)(
    'a report on %s has no violation that axe-core finds, at every width and in the dark',
    async (kind) => {
      const { page, complaints } = await session.show(reports[kind])
      const found: string[] = []
      for (const [scheme, width] of LOOKS) {
        await page.setViewportSize({ width, height: 900 })
        await page.emulateMedia({ colorScheme: scheme })
        await unfold(page)
        found.push(...(await violations(page)).map((line) => `${scheme} ${width}: ${line}`))
        await picture(page, `${kind}-${width}-${scheme}`)
        expect(
          await page.evaluate(() => document.documentElement.scrollWidth),
          `${kind} at ${width}`,
        ).toBeLessThanOrEqual(width)
      }
      expect([...new Set(found)]).toEqual([])
      expect(complaints).toEqual([])
    },
  )

  it('every control is reached by the Tab key in the order of the page, and is seen to have the focus', async () => {
    const { page } = await session.show(reports.pairs)
    const wanted = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('a[href], button, input, select, summary, [tabindex="0"]')]
        .filter((e) => e.checkVisibility() && !(e as HTMLButtonElement).disabled)
        .map((e, i) => {
          e.dataset.stop = String(i)
          return i
        }),
    )
    expect(wanted.length).toBeGreaterThan(100)
    const reached: number[] = []
    const unseen: string[] = []
    await page.evaluate(() => document.body.focus())
    for (const _ of wanted) {
      await page.keyboard.press('Tab')
      const at = await page.evaluate(() => {
        const e = document.activeElement as HTMLElement
        const { outlineStyle, outlineWidth } = getComputedStyle(e)
        const { left, right } = e.getBoundingClientRect()
        return {
          stop: Number(e.dataset.stop),
          seen: outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 && right > 0 && left < innerWidth,
          html: e.outerHTML.slice(0, 100),
        }
      })
      reached.push(at.stop)
      if (!at.seen) unseen.push(at.html)
    }
    expect(reached).toEqual(wanted)
    expect(unseen).toEqual([])
  })

  it('rows are sorted, filtered, turned and downloaded by keys alone, and the page says what came of it', async () => {
    const { page } = await session.show(reports.pairs)
    const shown = () => page.locator('.rows tr.row .open').allTextContents()
    await page.getByRole('button', { name: 'Margin' }).focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('.rows th[aria-sort=ascending]').textContent()).toBe('Margin')
    expect(await shown()).toEqual(few.toSorted((a, b) => a.margin! - b.margin!).map(({ id }) => id))
    await page.keyboard.press('Space')
    expect(await page.locator('.rows th[aria-sort=descending]').textContent()).toBe('Margin')
    await page.locator('select[data-key=agree]').focus()
    await page.keyboard.press('n') // no
    const lost = few.filter(({ agree }) => agree === 0)
    expect(lost.length).toBeGreaterThan(0)
    await expect.poll(shown).toEqual(lost.toSorted((a, b) => b.margin! - a.margin!).map(({ id }) => id))
    const status = page.locator('.status output')
    expect(await status.getAttribute('aria-live')).toBe('polite')
    expect(await status.textContent()).toBe(`${lost.length} of ${few.length} rows`)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV of these rows' }).focus()
    await page.keyboard.press('Enter')
    expect((await download).suggestedFilename()).toBe('pairs-shown.csv')
  })

  it('every table has a caption or a name, heads with a scope, and every figure a description with its numbers', async () => {
    for (const kind of KINDS) {
      const { page } = await session.show(reports[kind])
      await unfold(page)
      const wrong = await page.evaluate(() => {
        const nameless = [...document.querySelectorAll('table')].filter(
          (table) => !table.caption?.textContent?.trim() && !table.getAttribute('aria-label'),
        )
        const headless = [...document.querySelectorAll('th')].filter((head) => !head.hasAttribute('scope'))
        const figures = [...document.querySelectorAll('figure[id] svg.plot')].filter(
          (svg) => !/\d/.test(svg.getAttribute('aria-label') ?? ''),
        )
        return [...nameless, ...headless, ...figures].map((e) => e.outerHTML.slice(0, 200))
      })
      expect(wrong, kind).toEqual([])
    }
  })

  it('paper says which rows it has and what it leaves out, and no figure or row is broken over two pages', async () => {
    const { page } = await session.show(reports.pairs)
    await page.selectOption('.pager select', '25')
    await page.selectOption('select[data-key=agree]', '=yes')
    await page.getByRole('button', { name: 'Margin' }).click()
    const note = page.locator('.browser .print-only')
    expect(await note.isVisible()).toBe(false)
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    const yes = few.filter(({ agree }) => agree === 1).length
    expect(await note.innerText()).toBe(
      `On paper: 1 to 25 of ${yes} rows (Agree = yes), sorted by Margin. No row is opened; of the others, prompts, texts and drawings are not. Choose more rows a page, or open another row, before you print.`,
    )
    expect(await page.locator('header .print-only').innerText()).toContain('Left out here')
    const style = (selector: string, property: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((e, name) => getComputedStyle(e).getPropertyValue(name), property)
    expect(await page.locator('nav').isVisible()).toBe(false)
    expect(await style('figure', 'break-inside')).toBe('avoid')
    expect(await style('.rows tr.row', 'break-inside')).toBe('avoid')
    expect(await style('.rows tr.row:has(+ tr.answers)', 'break-after')).toBe('avoid')
    expect(await style('h2', 'break-after')).toBe('avoid')
    const folded = page.locator('section > details:not([open]) > summary').first()
    expect(await folded.evaluate((e) => getComputedStyle(e, '::after').content)).toContain('folded, not printed')
    const pdf = await page.pdf({ format: 'A4', preferCSSPageSize: true })
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []
    expect(pages.length).toBeGreaterThan(5)
  })
})
