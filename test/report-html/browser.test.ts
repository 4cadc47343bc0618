import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIMITS } from '../../src/report/html/limits.ts'
import { renderReport } from '../../src/report/html/report.ts'
import type { ScoredPair } from '../../src/types.ts'
import { BrowserSession, chromiumPath } from './browser-session.ts'
import { demoGroups, demoSolutions, groupsInput } from './demo-groups.ts'
import { demoInput, demoPairs, pairOf } from './demo-input.ts'
import { demoMolecules } from './demo-molecules.ts'
import { stepsInput } from './demo-steps.ts'

const noBrowser = chromiumPath === null
if (noBrowser)
  console.warn('report.html is not opened in a browser: no chromium here (apt-get install chromium, or set CHROMIUM)')

const rowsShown = (page: Page): Promise<string[]> => page.locator('.rows tr.row .open').allTextContents()
const status = (page: Page): Promise<string | null> => page.locator('.status output').textContent()
const column = (page: Page, n: number): Promise<string[]> =>
  page.locator(`.rows tr.row > :nth-child(${n})`).allTextContents()

/** What a completion must not be able to do to a page or to a spreadsheet. */
const HOSTILE = '</script><script>document.title="owned"</script><img src=x onerror=alert(1)> & "quoted" \u0007'

describe.skipIf(noBrowser)('report.html in chromium', () => {
  let session: BrowserSession
  let report: string
  beforeAll(async () => {
    session = await BrowserSession.open()
    report = renderReport(demoInput(await demoMolecules()))
  })
  afterAll(() => session?.close())

  it('opens from disk without a complaint and without a request', async () => {
    const { page, complaints, requests } = await session.show(report)
    expect(await page.locator('h1').textContent()).toContain('demo-reward-model')
    expect(await rowsShown(page)).toHaveLength(50)
    expect(await status(page)).toBe('300 rows')
    // 300 pairs, 49 of them lost: the golden scores' own count
    expect(await page.locator('.cross .differs a').textContent()).toBe('49')
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] })
  })

  it('filters by choice and by text, and says how many rows are left', async () => {
    const { page, complaints } = await session.show(report)
    await page.selectOption('select[data-key=agree]', '=no')
    expect(await status(page)).toBe('49 of 300 rows')
    await page.selectOption('select[data-key=subset]', '=property')
    const lost = demoPairs.filter((pair) => pair.agree === 0 && pair.subset === 'property')
    expect(await rowsShown(page)).toEqual(lost.map((pair) => pair.id))
    await page.getByRole('button', { name: 'Reset' }).click()
    await page.getByRole('searchbox').fill('PROPERTY-0078')
    await expect.poll(() => status(page)).toBe('1 of 300 rows')
    await page.getByRole('checkbox', { name: 'match case' }).check()
    await expect.poll(() => status(page)).toBe('0 of 300 rows')
    expect(complaints).toEqual([])
  })

  it('sorts by a column, up, down and back', async () => {
    const { page } = await session.show(report)
    const header = page.getByRole('button', { name: 'Margin' })
    const sorted = demoPairs.toSorted((a, b) => a.margin! - b.margin!).map((pair) => pair.id)
    await header.click()
    expect(await rowsShown(page)).toEqual(sorted.slice(0, 50))
    await header.click()
    expect(await rowsShown(page)).toEqual(sorted.toReversed().slice(0, 50))
    expect(await page.locator('.rows th[aria-sort=descending]').textContent()).toBe('Margin')
    await header.click()
    expect(await rowsShown(page)).toEqual(demoPairs.slice(0, 50).map((pair) => pair.id))
  })

  it('opens a row by keyboard, with both verdicts and the drawn molecules, and by its address', async () => {
    const { page, complaints } = await session.show(report)
    await page.keyboard.press('/')
    await page.keyboard.type('test-property-0078')
    await expect.poll(() => status(page)).toBe('1 of 300 rows')
    await page.locator('.rows .open').focus()
    await page.keyboard.press('Enter')
    const detail = page.locator('tr.detail')
    expect(await detail.locator('pre').allTextContents()).toEqual(
      demoPairs
        .filter((pair) => pair.id === 'test-property-0078')
        .flatMap((p) => [p.prompt, p.chosen.text, p.rejected.text]),
    )
    expect(await detail.locator('dd').allTextContents()).toEqual(
      expect.arrayContaining(['pass', 'fail (wrong_answer)']),
    )
    // expected, chosen, rejected
    expect(await detail.locator('svg').count()).toBe(3)
    expect(await detail.locator('h3').allTextContents()).toEqual(['Prompt', 'Expected', 'Chosen', 'Rejected'])
    expect(await detail.locator('svg g[opacity] path').count()).toBeGreaterThan(0) // the differing atoms
    const address = await page.evaluate(() => location.hash)
    await page.keyboard.press('Escape')
    expect(await detail.count()).toBe(0)
    const again = await session.show(report, address)
    expect(await again.page.locator('tr.detail').count()).toBe(1)
    expect(await rowsShown(again.page)).toEqual(['test-property-0078'])
    expect([...complaints, ...again.complaints]).toEqual([])
  })

  it('has what is expected and what is answered under every row, and the completed molecule in the row', async () => {
    const { page, complaints } = await session.show(report)
    const line = (n: number) => page.locator('.rows tr.answers').nth(n).innerText()
    const words = (text: string) => text.replace(/\s+/g, ' ').trim()
    // the first row asks for a formula with groups, the third for the rest of a molecule
    expect(words(await line(0))).toBe(
      "expected ('C11H18N2O3', ['urea', 'methyl', 'iso-propyl']) chosen CCC1(CCC(C)C)C(=O)NC(=O)NC1=O rejected C11H18N2O3",
    )
    expect(words(await line(2))).toBe(
      'expected CCC(C)NC(=O)C(C)Oc1cc chosen CCC(C)NC(=O)C(C)Oc1ccc(F)cc1Cl rejected CCC(C)NC(=O)C(C)Oc1ccc(F)cc14Cl',
    )
    await page.locator('.rows .open').nth(2).click()
    const captions = await page.locator('tr.detail .molecule figcaption').allInnerTexts()
    expect(captions.map(words)).toEqual([
      'CCC(C)NC(=O)C(C)Oc1cc',
      'completed: CCC(C)NC(=O)C(C)Oc1ccc(F)cc1Cl answer: c(F)cc1Cl',
      'completed: CCC(C)NC(=O)C(C)Oc1ccc(F)cc14Cl answer: c(F)cc14Cl',
    ])
    expect(await page.locator('tr.detail .molecule svg').getAttribute('aria-label')).toBe(
      'Molecule CCC(C)NC(=O)C(C)Oc1ccc(F)cc1Cl',
    )
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV of these rows' }).click()
    const rows = parse(readFileSync(await (await download).path(), 'utf8'), { columns: true }) as Record<
      string,
      string
    >[]
    expect(rows[2]).toMatchObject({
      expected_rule: 'the rest of a plausible molecule that begins so',
      expected: 'CCC(C)NC(=O)C(C)Oc1cc',
      chosen_answer: 'c(F)cc1Cl',
      chosen_molecule: 'CCC(C)NC(=O)C(C)Oc1ccc(F)cc1Cl',
    })
    await page.getByRole('checkbox', { name: 'answers under the rows' }).uncheck()
    expect(await page.locator('.rows tr.answers').count()).toBe(0)
    expect(await page.evaluate(() => location.hash)).toContain('answers=0')
    expect(complaints).toEqual([])
  })

  it('moves between rows and pages by keyboard', async () => {
    const { page } = await session.show(report)
    await page.locator('.rows .open').first().focus()
    await page.keyboard.press('ArrowDown')
    const focused = () => page.evaluate(() => document.activeElement?.textContent)
    expect(await focused()).toBe(demoPairs[1]!.id)
    await page.keyboard.press('PageDown')
    expect(await focused()).toBe(demoPairs[50]!.id)
    await page.keyboard.press('PageUp')
    expect(await focused()).toBe(demoPairs[0]!.id)
  })

  it('leads from a number of the cross table to its rows', async () => {
    const { page } = await session.show(report)
    await page.locator('.cross .differs a').click()
    await expect.poll(() => status(page)).toBe('49 of 300 rows')
    expect(new Set(await column(page, 6))).toEqual(new Set(['loss']))
  })

  it('opens one pair of several of a prompt by its address, and says when there is no such row', async () => {
    const { chosen, rejected, prompt } = demoPairs[0]!
    const pairs = [0, 1, 2].flatMap((r) =>
      [0, 1].map((c) =>
        pairOf({ ...chosen, index: c }, { ...rejected, index: r, text: `rejected ${r}` }, `${prompt} ${c}`),
      ),
    )
    const html = renderReport({ ...demoInput(), pairs })
    const { page } = await session.show(html, `#pairs?open=${chosen.id}/2/1`)
    expect(await page.locator('tr.detail pre').allTextContents()).toEqual([`${prompt} 1`, chosen.text, 'rejected 2'])
    const lost = await session.show(html, '#pairs?open=nowhere')
    expect(await status(lost.page)).toContain('the row of this address is not among them')
  })

  it('shows hostile texts as text, and writes them harmless into CSV', async () => {
    const hostile = hostilePair()
    const input = demoInput(null, [hostile, ...demoPairs.slice(0, 3)])
    const html = renderReport({
      ...input,
      run: { ...input.run, model: HOSTILE, dataset: HOSTILE, warnings: [HOSTILE], details: { [HOSTILE]: HOSTILE } },
      failures: [{ where: HOSTILE, id: HOSTILE, reason: HOSTILE, message: HOSTILE, hint: HOSTILE }],
    })
    const { page, complaints, requests } = await session.show(html)
    const key = encodeURIComponent(hostile.id)
    await page.evaluate((open) => location.assign(`#pairs?open=${open}`), key)
    await page.locator('tr.detail').waitFor()
    expect(await page.locator('tr.detail pre').allTextContents()).toEqual([HOSTILE, HOSTILE, '=cmd()'])
    expect(await page.title()).not.toBe('owned')
    expect(await page.locator('img').count()).toBe(0)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV of these rows' }).click()
    const rows = parse(readFileSync(await (await download).path(), 'utf8'), { columns: true }) as Record<
      string,
      string
    >[]
    expect(rows).toHaveLength(4)
    expect(rows[0]).toMatchObject({ id: `'${hostile.id}`, prompt: HOSTILE, chosen: HOSTILE, rejected: "'=cmd()" })
    // a negative number is a number, not a formula
    expect(rows[0]!.margin).toBe('-1.5')
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] })
  })

  it('gives the data of every figure as CSV that needs no script', async () => {
    const { page } = await session.show(report)
    const links = page.locator('figure > figcaption a.csv')
    expect(await links.count()).toBe(await page.locator('figure[id^=fig-]').count())
    for (const href of await links.evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).href))) {
      const rows = parse(Buffer.from(href.split('base64,')[1]!, 'base64').toString('utf8')) as string[][]
      expect(rows.length).toBeGreaterThan(1)
    }
  })

  it('is light on paper even where the screen is dark, and has no side scroll on a telephone', async () => {
    const { page } = await session.show(report)
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
    expect(await background()).toBe('rgb(255, 255, 255)')
    await page.emulateMedia({ colorScheme: 'dark' })
    expect(await background()).toBe('rgb(20, 23, 26)')
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' })
    expect(await background()).toBe('rgb(255, 255, 255)')
    await page.emulateMedia({ media: 'screen' })
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })

  it('has no side scroll on a telephone where the cross table has all its lines and columns', async () => {
    const outcomes = ['win', 'tie', 'loss', null] as const
    const pairs = demoPairs.map((pair, i) => ({
      ...pair,
      outcome: outcomes[i % 4]!,
      verifiableOutcome: outcomes[(i >> 2) % 4]!,
    }))
    const { page } = await session.show(renderReport({ ...demoInput(), pairs }))
    expect(await page.locator('.cross td a').count()).toBe(16)
    await page.setViewportSize({ width: 390, height: 800 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  })

  it('shows both sides of an opened row at once, however wide the table is', async () => {
    const { page } = await session.show(report)
    for (const width of [1360, 390]) {
      await page.setViewportSize({ width, height: 900 })
      if ((await page.locator('tr.detail').count()) === 0) await page.locator('.rows .open').first().click()
      const boxes = await page.locator('tr.detail pre').evaluateAll((all) => all.map((e) => e.getBoundingClientRect()))
      expect(boxes).toHaveLength(3)
      for (const { left, right } of boxes) {
        expect(left).toBeGreaterThanOrEqual(0)
        expect(right).toBeLessThanOrEqual(width)
      }
    }
  })

  it('lets keys into every frame that scrolls, and only into those', async () => {
    const { page } = await session.show(report)
    await page.setViewportSize({ width: 390, height: 900 })
    const wrong = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.scroll, .plot-frame')]
          .filter(
            (e) =>
              e.scrollWidth > e.clientWidth !== (e.getAttribute('tabindex') === '0' && e.hasAttribute('aria-label')),
          )
          .map((e) => e.outerHTML.slice(0, 200)),
      )
    await expect.poll(wrong).toEqual([])
    expect(await page.locator('.plot-frame[tabindex="0"]').count()).toBeGreaterThan(0)
    await page.setViewportSize({ width: 1360, height: 900 })
    await expect.poll(wrong).toEqual([])
  })

  it.each(['pairs', 'groups', 'steps'])(
    'names every control, and every figure for who cannot see it: %s',
    async (what) => {
      const html = what === 'pairs' ? report : renderReport(what === 'groups' ? groupsInput() : stepsInput())
      const { page } = await session.show(html)
      await page.locator('.rows .open').first().click()
      const unnamed = await page.evaluate(() => {
        const named = (e: Element): boolean =>
          Boolean(e.getAttribute('aria-label') || e.textContent?.trim() || (e as HTMLInputElement).labels?.length)
        return [...document.querySelectorAll('button, input, select, svg[role=img], a, summary')]
          .filter((e) => !named(e))
          .map((e) => e.outerHTML)
      })
      expect(unnamed).toEqual([])
      const ids = await page.evaluate(() => [...document.querySelectorAll('[id]')].map((e) => e.id))
      expect(new Set(ids).size).toBe(ids.length)
      // where a link of the page leads to is there
      const targets = await page.evaluate(() =>
        [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute('href')!.slice(1).split('?')[0]!),
      )
      expect(targets.filter((id) => !ids.includes(id))).toEqual([])
      await page.setViewportSize({ width: 390, height: 900 })
      const frames = () =>
        page.evaluate(
          () =>
            [...document.querySelectorAll('.scroll, .plot-frame')].filter(
              (e) =>
                e.scrollWidth > e.clientWidth !== (e.getAttribute('tabindex') === '0' && e.hasAttribute('aria-label')),
            ).length,
        )
      await expect.poll(frames).toBe(0)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
    },
  )

  it('opens a group: its completions by score, who chooses which, molecules and texts', async () => {
    const html = renderReport(groupsInput(await demoMolecules()))
    const group = demoGroups.find(({ id }) => id === 'group-test-functional-group-0122')!
    const { page, complaints, requests } = await session.show(html, `#groups?open=${group.id}`)
    const cards = page.locator('#groups .card:not(.expected)')
    const ranked = group.completions.toSorted((a, b) => b.score! - a.score!)
    expect(await cards.locator('h3').allTextContents()).toEqual(
      ranked.map(({ index }, i) => `Rank ${i + 1} · completion ${index}`),
    )
    // the recipe of the demo: the vote picks the sixth, the score the eighth completion
    expect(
      await page.locator('#groups .card.picked').evaluateAll((all) => all.map((e) => e.textContent!.slice(0, 80))),
    ).toEqual([
      expect.stringMatching(/completion 7★ highest score/),
      expect.stringMatching(/completion 5★ vote by molecule · vote by exact answer/),
    ])
    expect(await cards.locator('dl div:first-child dd').allTextContents()).toEqual(
      ranked.map(({ verifiableStatus, verifiableReason }) =>
        verifiableStatus === 'pass' ? expect.stringMatching(/^✓ pass/) : `✗ fail (${verifiableReason})`,
      ),
    )
    expect(await cards.locator('svg').count()).toBeGreaterThan(3)
    await cards.first().locator('summary').click()
    expect(await cards.first().locator('pre').textContent()).toBe(ranked[0]!.text)
    await page.getByRole('searchbox').first().fill(ranked[0]!.text.slice(0, 60))
    await expect.poll(() => page.locator('#groups .status output').textContent()).toBe('1 of 60 groups')
    // what two browsers show stands in the page once
    await page.evaluate((id) => location.assign(`#completions?open=${id}/2`), group.id)
    await page.locator('#completions tr.detail').waitFor()
    expect(await page.locator('#completions tr.detail pre').allTextContents()).toEqual([
      group.prompt,
      group.completions[2]!.text,
    ])
    for (const width of [1360, 390]) {
      await page.setViewportSize({ width, height: 900 })
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    }
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [] })
  })

  it('holds as many groups as have 10,000 completions, and says that there are more', async () => {
    const groups = Array.from({ length: 1000 }, (_, i) => {
      const one = demoGroups[i % demoGroups.length]!
      const id = `group-${i}`
      const completions = Array.from({ length: 16 }, (_, index) => ({ ...one.completions[index % 8]!, id, index }))
      return { ...one, id, cluster: id, prompt: `${one.prompt} (${i})`, completions }
    })
    const html = renderReport(groupsInput(null, groups))
    expect(html.length).toBeLessThan(20e6)
    const { page, complaints } = await session.show(html)
    expect(await page.locator('#groups .status output').textContent()).toBe('625 groups')
    expect(await page.locator('#groups > .note').textContent()).toContain('625 of 1,000 groups')
    expect(await page.locator('#completions .status output').textContent()).toBe('10,000 rows')
    expect(await page.locator('#groups .rows tbody tr').count()).toBe(50)
    // 16,000 advantages are drawn as cells, not as circles
    expect(await page.locator('#fig-advantages svg circle').count()).toBe(0)
    expect(await page.locator('#fig-advantages svg rect').count()).toBeGreaterThan(20)
    expect(await page.locator('#fig-advantages figcaption').textContent()).toContain(
      'advantages.csv has every completion',
    )
    const took = await page.evaluate(() => {
      const start = performance.now()
      document.querySelector<HTMLElement>('#groups .rows .open')!.click()
      document.body.getBoundingClientRect()
      return performance.now() - start
    })
    console.info(
      `16,000 completions in groups, ${(html.length / 1e6).toFixed(1)} MB, a group opens in ${took.toFixed(1)} ms`,
    )
    expect(await page.locator('#groups .card:not(.expected)').count()).toBe(16)
    expect(complaints).toEqual([])
  })

  it('shows first in a group what is expected, and in its line of the table', async () => {
    const { page } = await session.show(renderReport(groupsInput(await demoMolecules())))
    const first = page.locator('#groups tr.row .open').first()
    const id = await first.textContent()
    const [, info] = demoSolutions.get(id!)!.split('!:!')
    expect(await page.locator('#groups tr.answers').first().innerText()).toContain(`expected ${info}`)
    await first.click()
    const card = page.locator('#groups .gallery > li').first()
    expect(await card.locator('h3').textContent()).toBe('Expected')
    expect(await card.locator('figcaption').textContent()).toBe(info)
  })

  it('says how many completions of a large group are not shown', async () => {
    const html = renderReport(groupsInput(null, demoGroups.slice(0, 1)), { ...LIMITS, gallery: 3 })
    const { page } = await session.show(html)
    await page.locator('#groups .rows .open').click()
    expect(await page.locator('#groups .card:not(.expected)').count()).toBe(4)
    expect(await page.locator('#groups tr.detail .note').textContent()).toBe(
      '4 more completions have lower scores, or none; scores.csv has all.',
    )
  })

  it('leads from a completion that is pushed up against the verifier to its group', async () => {
    const { page } = await session.show(renderReport(groupsInput()))
    const link = page.locator('#advantages table a').first()
    const id = await link.textContent()
    await link.click()
    await page.locator('#groups tr.detail').waitFor()
    expect(await page.locator('#groups tr.row.opened .open').textContent()).toBe(id)
  })

  it('opens a row of steps: verdicts with their claims, candidates, numbers', async () => {
    const { page, complaints } = await session.show(renderReport(stepsInput()), '#steps?open=a1')
    const detail = page.locator('#steps tr.detail')
    expect(await detail.locator('h3').allTextContents()).toEqual([
      'Prompt',
      'Rationale',
      'Steps so far',
      'Candidates for the next step',
    ])
    expect(await detail.locator('.marks').allTextContents()).toEqual([
      'claims: ✓ pass',
      'claims: ✗ fail',
      'claims: ✓ pass✓ right★ chosen by random',
      'claims: ✗ fail✗ wrong★ chosen by world_model',
      'claims: ? unverifiable✗ wrong',
    ])
    expect(await detail.locator('.claims li').allTextContents()).toEqual([
      '✓ pass smiles: CCO; computed: CCO',
      '✗ fail ring count: 2 rings; computed: 0 rings; it has 0 rings',
      '✓ pass formula: C2H6O; computed: C2H6O',
      '✗ fail formula: C3H8O; computed: C2H6O; it has C2H6O',
    ])
    expect(await detail.locator('tbody tr').count()).toBe(3)
    await page.selectOption('#steps select[data-key="choice.world_model"]', '=right')
    expect(await page.locator('#steps .status output').textContent()).toBe('2 of 4 rows')
    expect(complaints).toEqual([])
  })

  it('stays smooth with 10,000 rows', async () => {
    const pairs = Array.from({ length: 10_000 }, (_, i) => {
      const { chosen, rejected, prompt, extra } = demoPairs[i % demoPairs.length]!
      const id = `row-${i}`
      return pairOf({ ...chosen, id }, { ...rejected, id }, `${prompt} (${i})`, extra)
    })
    const { statistics, calibration } = demoInput()
    const html = renderReport({ ...demoInput(), pairs, statistics, calibration })
    expect(html.length).toBeLessThan(40e6)
    const { page, complaints } = await session.show(html)
    expect(await status(page)).toBe('10,000 rows')
    const times = await page.evaluate(() => {
      const timed = (act: () => void): number => {
        const start = performance.now()
        act()
        document.body.getBoundingClientRect() // layout included
        return performance.now() - start
      }
      const find = <T extends Element>(selector: string): T => document.querySelector<T>(selector)!
      const filter = find<HTMLSelectElement>('select[data-key=agree]')
      const headers = [...document.querySelectorAll<HTMLButtonElement>('.rows thead button')]
      return {
        filter: timed(() => {
          filter.value = '=no'
          filter.dispatchEvent(new Event('change'))
        }),
        reset: timed(() => {
          filter.value = ''
          filter.dispatchEvent(new Event('change'))
        }),
        sortText: timed(() => headers[0]!.click()),
        sortNumber: timed(() => headers.find((h) => h.textContent === 'Margin')!.click()),
      }
    })
    console.info(`10,000 rows, ${(html.length / 1e6).toFixed(1)} MB, ms:`, times)
    // what keeps it smooth, whatever the machine: one page of rows in the document, however many there are
    expect(await page.locator('.rows tbody tr').count()).toBeLessThanOrEqual(100)
    await page.getByRole('searchbox').fill('row-123')
    await expect.poll(() => status(page)).toBe('11 of 10,000 rows')
    expect(complaints).toEqual([])
  })
})

function hostilePair(): ScoredPair {
  const { chosen, rejected } = demoPairs[0]!
  const id = `=HYPERLINK("x")${HOSTILE}`
  const subset = HOSTILE
  return pairOf(
    { ...chosen, id, subset, text: HOSTILE, score: -1 },
    { ...rejected, id, subset, text: '=cmd()', score: 0.5, verifiableReason: HOSTILE },
    HOSTILE,
  )
}
