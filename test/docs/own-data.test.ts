import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { REWARDS } from '../../src/chem/ether0/rewards/index.ts'
import { type CsvRow, readCsv, run, temporaryFolder } from '../run/bin.ts'

interface Example {
  readonly id: string
  readonly solution: string
}
const page = readFileSync(new URL('../../docs/own-data.md', import.meta.url), 'utf8')
const lines = [...page.matchAll(/```jsonl\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trimEnd().split('\n'))
const examples = lines.map((line) => JSON.parse(line) as Example)

/** What the page tells the reader to type: its one command on its rows. */
describe('docs/own-data.md', () => {
  const { path: folder, remove } = temporaryFolder()
  afterAll(remove)
  let scores: readonly CsvRow[] = []
  beforeAll(async () => {
    const file = join(folder, 'own.jsonl')
    writeFileSync(file, `${lines.join('\n')}\n`)
    const [, words = ''] = /```sh\nnpx run-verify (.*)\n```/.exec(page) ?? []
    const args = words.split(' ').map((word) => (word === 'own.jsonl' ? file : word))
    const { code, stderr } = await run('run-verify', [...args, '--output-dir', folder])
    expect(code, stderr).toBe(0)
    scores = readCsv(folder, 'verifiable', 'own', 'scores.csv')
  })

  test('shows every reward function once', () => {
    const shown = examples.map(({ solution }) => solution.split('!:!')[0])
    expect([...shown].sort()).toEqual([...REWARDS.keys()].sort())
  })

  test.each(examples)('$id: chosen passes, rejected fails', ({ id }) => {
    const status = (role: string): string | undefined =>
      scores.find((row) => row.id === id && row.role === role)?.verifiable_status
    expect(status('rejected')).toBe('fail')
    expect(status('chosen')).toBe(id === 'retrosynthesis' ? 'unverifiable' : 'pass')
  })
})
