import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'

/** Where Debian, Ubuntu and Fedora put it; CHROMIUM names another place. */
export const chromiumPath: string | null =
  [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
    (path) => path !== undefined && existsSync(path),
  ) ?? null

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** One chromium for a file of tests; every page notes what it says on the console and what it asks for. */
export class BrowserSession {
  readonly #folder = mkdtempSync(join(tmpdir(), 'chemherm-report-'))
  #pages = 0
  private constructor(readonly browser: Browser) {}

  static async open(): Promise<BrowserSession> {
    return new BrowserSession(await chromium.launch({ executablePath: chromiumPath!, args: FLAGS }))
  }

  /** Opens a report from disk. `requests` holds what went beyond the file itself. */
  async show(html: string, hash = ''): Promise<{ page: Page; complaints: string[]; requests: string[] }> {
    const path = join(this.#folder, `report-${this.#pages++}.html`)
    writeFileSync(path, html)
    const page = await this.browser.newPage({ viewport: { width: 1360, height: 1000 }, acceptDownloads: true })
    const complaints: string[] = []
    const requests: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('dialog', async (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`)
      await dialog.dismiss()
    })
    const url = pathToFileURL(path).href
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:,')) requests.push(request.url())
    })
    await page.goto(`${url}${hash}`)
    return { page, complaints, requests }
  }

  async close(): Promise<void> {
    await this.browser.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
