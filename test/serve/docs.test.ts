import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { OPTIONS } from '../../scripts/commands/serve-rewards.ts'
import { packagePath } from '../../src/package.ts'
import { createMetrics } from '../../src/serve/operations/metrics.ts'
import { flagOf } from '../../src/setup/option.ts'

const PAGE = readFileSync(packagePath('docs/serving.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block]) => block!)

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

// the Python is run by scripts/oracles/serve-clients.py
it.skipIf(spawnSync('curl', ['--version']).status !== 0)('its shell commands work, in their order', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'serving-page-'))
  // as in a clone: npx finds the package's own bins
  mkdirSync(join(folder, 'bin'))
  const npx = join(folder, 'bin/npx')
  writeFileSync(
    npx,
    `#!/bin/sh\ncommand=$1\nshift\nexec "${process.execPath}" "${packagePath('dist/scripts')}/$command.js" "$@"\n`,
  )
  chmodSync(npx, 0o755)
  symlinkSync(packagePath('src'), join(folder, 'src'))
  const port = await freePort()
  const script = [
    'set -e',
    ...blocks('sh').map((block) => block.replaceAll('8000', String(port))),
    'kill %1',
    'wait %1',
  ]
  const shell = spawn('bash', ['-c', script.join('\n')], {
    cwd: folder,
    env: { PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: folder },
  })
  const [said, errors, [code]] = await Promise.all([text(shell.stdout), text(shell.stderr), once(shell, 'close')])
  expect({ code, errors: code === 0 ? '' : errors }).toEqual({ code: 0, errors: '' })
  const answer = JSON.parse(/^.*(\{"completions".*\}).*$/m.exec(said)![1]!) as { completions: { verifiable: number }[] }
  expect(answer.completions.map(({ verifiable }) => verifiable)).toEqual([1, 0])
  expect(said + errors).toContain(join('results', 'analysis'))
})

it('names options that are there', () => {
  const known = new Set(Object.keys(OPTIONS).map(flagOf))
  // of the other commands on the page
  for (const name of ['output-dir', 'silent', 'fail', 'header', 'data', 'overlap', 'ntasks']) known.add(name)
  const named = [...PAGE.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, name]) => name!)
  expect(named.length).toBeGreaterThan(20)
  expect(
    [...new Set(named)].filter((name) => !known.has(name) && !name.startsWith('reward') && !name.startsWith('data')),
  ).toEqual([])
})

it('names every metric of ours, and none that is not there', async () => {
  const gauges = {
    waitingRequests: 0,
    waitingTokens: 0,
    trouble: null,
    batches: 0,
    tokens: 0,
    scored: 0,
    found: 0,
    modelMs: 0,
  }
  const metrics = createMetrics({ ready: () => true, underWay: () => 0, engine: () => gauges })
  const written = [...(await metrics.text()).matchAll(/^# TYPE (chemherm_\w+) (\w+)$/gm)].map(([, name, type]) =>
    type === 'counter' ? `${name}_total` : name!,
  )
  const table = PAGE.slice(PAGE.indexOf('### Metrics'), PAGE.indexOf('The live agreement'))
  const told = [...table.matchAll(/`(chemherm_[\w{},]+)`/g)].flatMap(([, name]) => {
    const [, before, inner, after] = /^(\w+)\{([\w,]+)\}(\w*)$/.exec(name!) ?? []
    if (before === undefined) return [name!]
    // braces in the middle spell several names, at the end labels
    return after === '' ? [before] : inner!.split(',').map((part) => `${before}${part}${after}`)
  })
  expect(told.sort()).toEqual(written.sort())
})

it('gives the defaults of the limits', () => {
  const row = (flag: string): string =>
    PAGE.split('\n').find((line) => line.startsWith('|') && line.includes(`\`--${flag}\``))!
  expect(row('pending-limit')).toContain(OPTIONS.pendingLimit.default.toLocaleString('en'))
  expect(row('queue-limit')).toContain(OPTIONS.queueLimit.default.toLocaleString('en'))
  expect(row('body-limit')).toContain(`${OPTIONS.bodyLimit.default / (1 << 20)} MiB`)
  expect(row('batch-limit')).toContain(OPTIONS.batchLimit.default.toLocaleString('en'))
  expect(row('connection-limit')).toContain(OPTIONS.connectionLimit.default.toLocaleString('en'))
  for (const [flag, { default: seconds }] of [
    ['request-timeout', OPTIONS.requestTimeout],
    ['answer-timeout', OPTIONS.answerTimeout],
    ['time-limit', OPTIONS.timeLimit],
  ] as const)
    expect(row(flag)).toContain(`${seconds} s`)
})
