// npm run sample (after a change that the demo's results show): makes docs/sample/ anew, the demo run of the README as it stands in the
// repository, and the README's picture of its report (chromium). Read the difference before you commit it: test/run/demo.test.ts holds a
// fresh run against it.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'

const root = resolve(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'chemherm-sample-'))
try {
  execFileSync(process.execPath, [join(root, 'dist/scripts/run-rm.js')], { cwd: folder, stdio: 'inherit' })
  const [run, sample] = [join(folder, 'results/demo-reward-model/demo-pairs'), join(root, 'docs/sample')]
  rmSync(sample, { recursive: true, force: true })
  for (const name of ['report.html', 'methods.md', 'references.bib', 'tables'])
    cpSync(join(run, name), join(sample, name), { recursive: true })
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
  const page = await browser.newPage({ viewport: { width: 1000, height: 890 } })
  await page.goto(`file://${join(sample, 'report.html')}`)
  await page.screenshot({ path: join(sample, 'report.png') })
  await browser.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
