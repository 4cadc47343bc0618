import { existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ReportInput } from '../../src/report/html/input.ts'
import { renderReport } from '../../src/report/html/report.ts'
import type { ScoredCompletion } from '../../src/types.ts'
import { BrowserSession, chromiumPath } from './browser-session.ts'
import { groupsInput } from './demo-groups.ts'
import { demoInput, demoPairs, pairOf } from './demo-input.ts'
import { demoMolecules } from './demo-molecules.ts'
import { stepsInput } from './demo-steps.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Where the pictures go: CHEMHERM_SCREENSHOTS, else a folder for temporary files, which the test names. */
function screenshots(): string {
  const given = process.env.CHEMHERM_SCREENSHOTS
  if (given === undefined || given === '') return mkdtempSync(join(tmpdir(), 'chemherm-screenshots-'))
  mkdirSync(given, { recursive: true })
  return given
}

const unscored = (c: ScoredCompletion): ScoredCompletion => ({ ...c, score: null, scoreReason: 'no_model' })

/** Of run-verify: verdicts without a model. */
function verifyInput(): ReportInput {
  const pairs = demoPairs.map((p) => pairOf(unscored(p.chosen), unscored(p.rejected), p.prompt, p.extra))
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
  await page.waitForTimeout(50)
}

const WIDTHS = [390, 1280, 1920] as const
const KINDS = ['pairs', 'groups', 'process', 'verify'] as const

describe.skipIf(chromiumPath === null)('report.html for every reader', () => {
  const folder = screenshots()
  let session: BrowserSession
  let reports: Readonly<Record<(typeof KINDS)[number], string>>
  beforeAll(async () => {
    console.info(`screenshots of report.html: ${folder}`)
    session = await BrowserSession.open()
    const molecules = await demoMolecules()
    const pairs = demoInput(molecules)
    reports = {
      pairs: renderReport({
        ...pairs,
        run: { ...pairs.run, scale: { name: 'implicit reward, β = 0.1', unit: 'nats' } },
      }),
      groups: renderReport(groupsInput(molecules)),
      process: renderReport(stepsInput()),
      verify: renderReport({ ...verifyInput(), molecules }),
    }
  })
  afterAll(() => session?.close())

  it.each(KINDS)(
    'a report on %s has no violation that axe-core finds, light and dark, at every width',
    async (kind) => {
      const { page, complaints } = await session.show(reports[kind])
      const found: string[] = []
      // axe-core comes in by the test, past the page's policy
      await page.evaluate(AXE)
      for (const scheme of ['light', 'dark'] as const)
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 })
          await page.emulateMedia({ colorScheme: scheme })
          await unfold(page)
          // every rule of WCAG 2.2 A and AA, and what is good practice
          const results: AxeResults = await page.evaluate(() =>
            (
              globalThis as unknown as { axe: { run(context: Document, options: object): Promise<AxeResults> } }
            ).axe.run(document, { resultTypes: ['violations'] }),
          )
          for (const { id, nodes } of results.violations)
            for (const node of nodes)
              found.push(
                `${scheme} ${width}: ${id}: ${node.html.slice(0, 160)} ${node.any.map((c) => c.message).join('; ')}`,
              )
          await page.screenshot({ path: join(folder, `${kind}-${width}-${scheme}.png`), fullPage: true })
          expect(
            await page.evaluate(() => document.documentElement.scrollWidth),
            `${kind} at ${width}`,
          ).toBeLessThanOrEqual(width)
        }
      expect([...new Set(found)]).toEqual([])
      expect(complaints).toEqual([])
      expect(existsSync(join(folder, `${kind}-390-dark.png`))).toBe(true)
    },
  )
})
