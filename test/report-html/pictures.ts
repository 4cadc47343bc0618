import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

/** Where a person wants to see the pages: CHEMHERM_SCREENSHOTS=<folder>. A picture of a whole page takes seconds, so there are none without. */
const folder = process.env.CHEMHERM_SCREENSHOTS || null

export async function picture(page: Page, name: string): Promise<void> {
  if (folder === null) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}
