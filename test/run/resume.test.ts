import { appendFileSync, existsSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { localPath } from '../../src/store/local.ts'
import { type Bin, type Done, manifestOf, QUICK, run, start, temporaryFolder } from './bin.ts'

/** A run that is killed, interrupted or cut at any byte, and then run again, gives the bytes of a run that was not. */
const folder = temporaryFolder()
afterAll(() => folder.remove())

/** Many small batches, so that a run can be stopped between them. */
const ARGS = [...QUICK, '--limit', '40', '--batch-size', '1']
const OUT: Readonly<Record<'run-rm' | 'run-dpo', string>> = {
  'run-rm': 'demo-reward-model/demo-pairs',
  'run-dpo': 'demo-policy-dpo__vs__demo-ref-sft/demo-pairs',
}
const outOf = (bin: keyof typeof OUT, label: string): string => join(folder.path, label, OUT[bin])
const argsOf = (label: string): string[] => [...ARGS, '--output-dir', join(folder.path, label)]
const storeOf = (path: string): string => join(path, 'measurements.jsonl')
const filesOf = (path: string): string[] =>
  ['scores.csv', 'pairs.csv', 'agreement.csv', 'summary.json', 'failures.csv'].map((name) =>
    readFileSync(join(path, name), 'utf8'),
  )

/** Measurements of whole batches: what a resumed run must not measure again. */
function committed(store: string): number {
  if (!existsSync(store)) return 0
  const records = readFileSync(store, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { commit?: number })
  return records.reduce((sum, { commit }) => sum + (commit ?? 0), 0)
}

/** Starts a bin and signals it once so many measurements are in its store. */
async function stopAt(
  bin: Bin,
  args: readonly string[],
  store: string,
  count: number,
  signal: NodeJS.Signals,
): Promise<Done> {
  const { child, done } = start(bin, args)
  let over = false
  const end = done.finally(() => {
    over = true
  })
  while (!over) {
    if (existsSync(store) && readFileSync(store, 'latin1').split('\n').length > count) {
      child.kill(signal)
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  return end
}

const whole: Record<string, string[]> = {}
beforeAll(async () => {
  await Promise.all(
    (['run-rm', 'run-dpo'] as const).map(async (bin) => {
      const done = await run(bin, argsOf('whole'))
      expect(done.code).toBe(0)
      whole[bin] = filesOf(outOf(bin, 'whole'))
    }),
  )
})

/** Runs again what was stopped: the same bytes, and nothing that was committed is measured twice. */
async function expectResumed(bin: keyof typeof OUT, label: string, kept: number): Promise<Done> {
  const done = await run(bin, argsOf(label))
  expect(done.code).toBe(0)
  expect(filesOf(outOf(bin, label))).toEqual(whole[bin])
  const models = manifestOf(outOf(bin, label)).models.map(({ work }) => work)
  const sum = (key: 'measured' | 'found' | 'repeated' | 'batches' | 'again'): number =>
    models.reduce((total, work) => total + work[key], 0)
  expect(sum('found')).toBe(kept)
  expect(sum('measured') + sum('found') + sum('repeated')).toBe(80 * models.length)
  // the template's head is computed again, with the batch that computed it; and what prompts that were cut begin with
  const [again, batches] = [sum('again'), sum('batches')]
  expect(batches - again).toBe(sum('measured'))
  expect(again).toBeLessThanOrEqual(8 * models.length)
  if (kept > 0 && sum('measured') > 0) expect(again).toBeGreaterThan(0)
  return done
}

// one after the other: a run in this process would keep this one from seeing when to kill
describe('kill -9', () => {
  // lines of the store: the header, the plan, its end, then two a batch of one
  it.each([
    ['run-rm', 1],
    ['run-rm', 60],
    ['run-dpo', 250],
  ] as const)('%s after %i lines of its store', async (bin, lines) => {
    const label = `killed-${lines}`
    const store = storeOf(outOf(bin, label))
    const done = await stopAt(bin, argsOf(label), store, lines, 'SIGKILL')
    expect(done.code).toBeNull()
    const kept = committed(store)
    expect(kept).toBeLessThan(bin === 'run-rm' ? 80 : 160)
    if (lines > 1) expect(kept).toBeGreaterThan(0)
    expect(existsSync(join(outOf(bin, label), 'scores.csv'))).toBe(false)
    await expectResumed(bin, label, kept)
  })
})

describe('Ctrl-C', () => {
  it('keeps the batch in hand, says so, and ends with 130', async () => {
    const store = storeOf(outOf('run-rm', 'interrupted'))
    const done = await stopAt('run-rm', argsOf('interrupted'), store, 40, 'SIGINT')
    expect(done.code).toBe(130)
    expect(done.stderr).toContain('run-rm: demo-reward-model: interrupted\n')
    expect(done.stderr).toContain('What was measured is kept; run the same command again to go on.')
    expect(existsSync(`${store}.lock`)).toBe(false)
    const kept = committed(store)
    expect(kept).toBeGreaterThan(0)
    const resumed = await expectResumed('run-rm', 'interrupted', kept)
    expect(resumed.stderr).toContain(`${kept} measurements of an earlier run are used`)
  })
})

describe('a store on the disk of a node', () => {
  it.each([
    ['SIGTERM', 130],
    ['SIGKILL', null],
  ] as const)('%s: the shared copy is whole; another node goes on from it', async (signal, code) => {
    const label = `node-${signal}`
    const store = storeOf(outOf('run-rm', label))
    const nodes = [1, 2].map((node) => join(folder.path, `${label}-${node}`))
    const here = localPath(store, nodes[0]!)
    // a copy after every batch, nearly
    const args = (node: number): string[] => [...argsOf(label), '--local-store', nodes[node]!, '--copy-every', '1e-6']
    const done = await stopAt('run-rm', args(0), here, 60, signal)
    expect(done.code).toBe(code)
    const kept = committed(store)
    expect(kept).toBeGreaterThan(10)
    expect(kept).toBeLessThan(80)
    expect(existsSync(here)).toBe(signal === 'SIGKILL')
    // at the most the batch in hand
    if (signal === 'SIGKILL') expect(committed(here) - kept).toBeLessThanOrEqual(1)
    expect(existsSync(`${store}.lock`)).toBe(signal === 'SIGKILL')
    const resumed = await run('run-rm', args(1))
    expect(resumed.code).toBe(0)
    expect(resumed.stderr).toContain(`${kept} measurements of an earlier run are used`)
    expect(filesOf(outOf('run-rm', label))).toEqual(whole['run-rm'])
    expect(existsSync(localPath(store, nodes[1]!))).toBe(false)
  })
})

describe('a store that was cut or damaged', () => {
  it('is cut back to its last whole batch, whatever byte it ends at', async () => {
    const label = 'torn'
    expect((await run('run-rm', argsOf(label))).code).toBe(0)
    const store = storeOf(outOf('run-rm', label))
    truncateSync(store, Math.floor(statSync(store).size * 0.6) + 7)
    const kept = committed(store)
    const resumed = await expectResumed('run-rm', label, kept)
    expect(resumed.stderr).toMatch(/warning: .*measurements\.jsonl: \d+ bytes behind the last whole batch were cut off/)
  })

  it('leaves out half a line behind the end', async () => {
    const label = 'torn'
    appendFileSync(storeOf(outOf('run-rm', label)), '{"key":"01')
    const done = await run('run-rm', argsOf(label))
    expect(done.stderr).toContain('10 bytes behind the last whole batch were cut off')
    expect(filesOf(outOf('run-rm', label))).toEqual(whole['run-rm'])
    const [model] = manifestOf(outOf('run-rm', label)).models
    expect(model).toMatchObject({ runner: null, dtype: 'fp32', work: { measured: 0 } })
  })

  it('is not deleted by --no-resume while another run writes it', async () => {
    const label = 'in-use'
    const store = storeOf(outOf('run-rm', label))
    const first = start('run-rm', argsOf(label))
    while (!existsSync(store)) await new Promise((resolve) => setTimeout(resolve, 2))
    first.child.kill('SIGSTOP')
    const second = await start('run-rm', [...argsOf(label), '--no-resume']).done
    first.child.kill('SIGCONT')
    expect(second.code).toBe(3)
    expect(second.stderr).toMatch(/measurements\.jsonl: is in use by process \d+ on /)
    expect((await first.done).code).toBe(0)
    expect(filesOf(outOf('run-rm', label))).toEqual(whole['run-rm'])
  })
})
