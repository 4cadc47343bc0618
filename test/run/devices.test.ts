import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { QUICK, readCsv, readJson, start, temporaryFolder } from './bin.ts'

/** `--device a,b`: a process each. Two of the CPU do what two GPUs would. */
const folder = temporaryFolder()
afterAll(folder.remove)

const OPTIONS = [...QUICK.slice(0, -2), '--name', 'model', '--threads', '1']
const place = (name: string): string => join(folder.path, name)
const argsOf = (name: string, device: string, ...more: string[]): string[] => [
  ...[...OPTIONS, '--device', device, '--output-dir', place(name)],
  ...more,
]
const results = (name: string): string => join(place(name), 'model', 'demo-pairs')

interface Manifest {
  readonly config: { readonly device: string; readonly shard: unknown; readonly merge: string }
  readonly shards: { readonly count: number } | null
  readonly parts:
    | readonly {
        readonly device: string
        readonly shard: string
        readonly exit_code: number
        readonly done: { readonly measured: number; readonly peak_rss_bytes: number }
      }[]
    | null
}
const manifestOf = (name: string): Manifest => readJson(results(name), 'run.json')

/** Waits for a store of a shard to have measurements. */
async function begun(name: string, shard: string): Promise<void> {
  const path = join(results(name), `measurements.shard-${shard}.jsonl`)
  while (!existsSync(path) || !readFileSync(path, 'utf8').includes('"commit"'))
    await new Promise((resolve) => setTimeout(resolve, 20))
}
const childrenOf = (pid: number): number[] =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
    .map(Number)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('--device cpu,cpu', () => {
  it.each(['run-rm', 'run-dpo'] as const)('%s gives the bytes of one process', async (bin) => {
    const more = ['--limit', '60', '--batch-size', '1']
    const one = await start(bin, argsOf(`${bin}-one`, 'cpu', ...more)).done
    expect(one.code).toBe(0)
    const two = await start(bin, argsOf(`${bin}-two`, 'cpu,cpu', ...more, '--log-format', 'json')).done
    expect(two.stderr).toContain('2 processes, one a device: cpu, cpu')
    expect(two.code).toBe(0)
    for (const file of ['scores.csv', 'pairs.csv', 'agreement.csv'])
      expect(readFileSync(join(results(`${bin}-two`), file), 'utf8')).toBe(
        readFileSync(join(results(`${bin}-one`), file), 'utf8'),
      )
    const { config, shards, parts } = manifestOf(`${bin}-two`)
    expect(config).toMatchObject({ device: 'cpu,cpu', shard: { index: 1, count: 1 }, merge: 'auto' })
    expect(shards).toMatchObject({ count: 2 })
    expect(parts!.map(({ device, shard, exit_code }) => [device, shard, exit_code])).toEqual([
      ['cpu', '1/2', 0],
      ['cpu', '2/2', 0],
    ])
    const measured = parts!.map(({ done }) => done.measured)
    expect(Math.min(...measured)).toBeGreaterThan(0)
    expect(parts!.every(({ done }) => done.peak_rss_bytes > 5e7)).toBe(true)
    expect(manifestOf(`${bin}-one`).parts).toBeNull()
    const lines = two.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const progress = lines.filter(({ event, task }) => event === 'progress' && task === 'scoring on 2 devices')
    expect(progress.length).toBeGreaterThan(0)
    const models = bin === 'run-rm' ? 1 : 2
    expect(progress[0]).toMatchObject({ total: 120 * models })
  })

  it('where a process is killed, the other goes on, its work is kept, and the same command goes on', async () => {
    const run = start('run-rm', argsOf('killed', 'cpu,cpu', '--batch-tokens', '64'))
    await begun('killed', '1-of-2')
    const [first] = childrenOf(run.child.pid!)
    process.kill(first!, 'SIGKILL')
    const { code, stderr } = await run.done
    expect(code).toBe(6)
    expect(stderr).toContain('1 of 2 processes ended early (cpu): it was killed by SIGKILL')
    expect(stderr).toContain('What was measured is kept, also by the others; run the same command again to go on.')
    expect(existsSync(join(results('killed'), 'scores.csv'))).toBe(false)
    const again = await start('run-rm', argsOf('killed', 'cpu,cpu', '--batch-tokens', '64')).done
    expect(again.code).toBe(0)
    const { parts } = manifestOf('killed')
    // the shard that came to its end finds all
    expect(parts!.some(({ done }) => done.measured === 0)).toBe(true)
    expect(readCsv(results('killed'), 'scores.csv').every(({ score }) => score !== '')).toBe(true)
  })

  it('where the process that started them is killed, they end with what they measured, and the same command goes on', async () => {
    const temporary = join(folder.path, 'tmp')
    mkdirSync(temporary)
    const args = argsOf('orphans', 'cpu,cpu', '--batch-tokens', '64', '--limit', '120')
    const run = start('run-rm', args, { TMPDIR: temporary })
    await begun('orphans', '1-of-2')
    const children = childrenOf(run.child.pid!)
    run.child.kill('SIGKILL')
    await run.done
    for (const pid of children) while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 20))
    const path = join(results('orphans'), 'measurements.shard-1-of-2.jsonl')
    expect(readFileSync(path, 'utf8')).toContain('"commit"')
    expect(existsSync(join(results('orphans'), 'scores.csv'))).toBe(false)
    expect(readdirSync(temporary)).toHaveLength(1)
    const again = await start('run-rm', args, { TMPDIR: temporary }).done
    expect(again.code).toBe(0)
    expect(readdirSync(temporary)).toEqual([])
    expect(readCsv(results('orphans'), 'scores.csv').every(({ score }) => score !== '')).toBe(true)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('%s reaches all: exit code 130, nothing goes on', async (signal) => {
    const run = start('run-dpo', argsOf(signal, 'cpu,cpu', '--batch-tokens', '64'))
    await begun(signal, '2-of-2')
    const children = childrenOf(run.child.pid!)
    expect(children).toHaveLength(2)
    run.child.kill(signal)
    const { code, stderr } = await run.done
    expect(code).toBe(130)
    expect(stderr).toContain('interrupted')
    for (const pid of children) expect(() => process.kill(pid, 0)).toThrow()
    expect(existsSync(join(results(signal), 'run.json'))).toBe(false)
  })

  it('says once what is wrong for all, with its exit code', async () => {
    const { code, stderr } = await start('run-rm', argsOf('none', 'cpu,cpu', '--head', '7')).done
    expect(code).toBe(2)
    expect(stderr.match(/--head/g)!.length).toBeLessThan(3)
    expect(stderr).toContain('2 of 2 processes ended early (cpu, cpu)')
  })

  it('starts no more processes of the CPU than there are cores', async () => {
    const devices = Array<string>(300).fill('cpu').join(',')
    const { code, stderr } = await start('run-rm', argsOf('many', devices)).done
    expect(code).toBe(2)
    expect(stderr).toMatch(/--device: names cpu 300 times, and this machine has \d+ cores?/)
    expect(existsSync(place('many'))).toBe(false)
  })

  it('--no-resume measures anew', async () => {
    const first = await start('run-rm', argsOf('anew', 'cpu,cpu', '--limit', '10')).done
    expect(first.code).toBe(0)
    const found = await start('run-rm', argsOf('anew', 'cpu,cpu', '--limit', '10')).done
    expect(found.code).toBe(0)
    expect(manifestOf('anew').parts!.map(({ done }) => done.measured)).toEqual([0, 0])
    const anew = await start('run-rm', argsOf('anew', 'cpu,cpu', '--limit', '10', '--no-resume')).done
    expect(anew.code).toBe(0)
    expect(manifestOf('anew').parts!.reduce((sum, { done }) => sum + done.measured, 0)).toBe(20)
  })

  it('--dry-run plans in one process', async () => {
    const { code, stderr } = await start('run-rm', argsOf('plan', 'cpu,cpu', '--limit', '10', '--dry-run')).done
    expect(code).toBe(0)
    expect(stderr).not.toContain('processes')
  })
})
