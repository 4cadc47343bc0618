import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type ScoredRow, scoreFileColumns, writeScores } from '../../src/report/write.ts'
import { pairsOf } from '../../src/score/pairing.ts'
import type { ScoredCompletion } from '../../src/types.ts'

const top = mkdtempSync(join(tmpdir(), 'chemherm-write-'))
afterAll(() => rmSync(top, { recursive: true }))
const folder = () => mkdtempSync(join(top, 'run-'))

const detail = { truncated: false, scoredTokenIndex: 3, textSha256: null, own: [] }
const row = (id: string, roles: readonly ScoredCompletion['role'][]): ScoredRow => {
  const completions = roles.map(
    (role, i): ScoredCompletion => ({
      id,
      subset: '',
      problemType: null,
      role,
      index: 0,
      text: `text ${i}`,
      score: 1 - i,
      scoreReason: null,
      verifiableReward: null,
      verifiableStatus: 'unverifiable',
      verifiableReason: null,
      formatReward: null,
      promptTokens: 1,
      completionTokens: 2,
    }),
  )
  const pairs = pairsOf({ prompt: 'p', extra: { margin: 'theirs' } }, completions)
  return { row: { prompt: 'p' }, completions, details: roles.map(() => detail), pairs }
}
async function* stream(rows: readonly ScoredRow[], failure?: Error): AsyncGenerator<ScoredRow> {
  yield* rows
  if (failure !== undefined) throw failure
}
const added = { ownColumns: [], extraColumns: ['margin'] }
const pass = async (path: string, rows: AsyncIterable<ScoredRow>): Promise<ScoredRow[]> => {
  const seen: ScoredRow[] = []
  for await (const one of writeScores(path, rows, added)) seen.push(one)
  return seen
}

describe('writeScores', () => {
  const rows = [row('a', ['chosen', 'rejected']), row('b', ['chosen', 'rejected'])]
  it('writes one row per completion and per pair, and hands the rows on', async () => {
    const path = folder()
    expect(await pass(path, stream(rows))).toEqual(rows)
    const lines = (name: string) => readFileSync(join(path, name), 'utf8').trimEnd().split('\n')
    expect(lines('scores.csv').map((line) => line.split(',').slice(0, 5).join())).toEqual([
      'id,subset,role,index,score',
      'a,,chosen,0,1',
      'a,,rejected,0,0',
      'b,,chosen,0,1',
      'b,,rejected,0,0',
    ])
    expect(lines('pairs.csv')).toHaveLength(3)
    expect(lines('pairs.csv')[0]).toMatch(/,input_margin$/)
    expect(lines('pairs.csv')[1]).toMatch(/,theirs$/)
  })
  it('writes no pairs.csv where no row makes a pair', async () => {
    const path = folder()
    await pass(path, stream([row('a', ['completion'])]))
    expect(readdirSync(path)).toEqual(['scores.csv'])
  })
  it('leaves nothing where the rows end in an error', async () => {
    const path = folder()
    await expect(pass(path, stream(rows, new Error('unreadable')))).rejects.toThrow('unreadable')
    expect(readdirSync(path)).toEqual([])
  })
  it('leaves nothing where its reader stops or fails', async () => {
    const path = folder()
    const reader = async () => {
      for await (const _ of writeScores(path, stream(rows), added)) throw new Error('reader')
    }
    await expect(reader()).rejects.toThrow('reader')
    expect(existsSync(join(path, 'scores.csv'))).toBe(false)
    expect(readdirSync(path)).toEqual([])
  })
  it('names a column of the data after ours only with input_ in front', () => {
    const columns = scoreFileColumns({ ownColumns: ['policy_logprob'], extraColumns: ['margin', 'reject_kind'] })
    expect(columns['pairs.csv'].slice(-2)).toEqual(['input_margin', 'reject_kind'])
    expect(columns['scores.csv'].slice(-5)).toEqual([
      'policy_logprob',
      ...['cluster', 'completion_hash', 'verdict_cause', 'hinges_on'],
    ])
  })
})
