import { expect, it } from 'vitest'
import { analysedColumns } from '../../src/cli/analysed-columns.ts'
import { rolloutLines } from '../../src/cli/readings.ts'
import { parseRecord } from '../../src/pairs/parse.ts'
import { inspect } from '../../src/setup/dataset.ts'

async function* rowsOf(records: readonly object[]) {
  for (const [i, record] of records.entries()) yield parseRecord(record, { where: `r:${i + 1}`, number: i + 1 })
}
const linesOf = async (...records: readonly object[]): Promise<string[]> => rolloutLines(await inspect(rowsOf(records)))

it('says that rollouts of one prompt in rows of their own are no group', async () => {
  const row = (prompt: string, completion: string) => ({ prompt, completion })
  expect(await linesOf(row('p', 'a'), row('p', 'b'), row('q', 'a'), row('q', 'b'), row('p', 'a'))).toEqual([
    '2 of 5 completions have the prompt of the row before and are judged alone; one row per prompt, {prompt, completions: […]}, makes groups of them: best of n, votes, advantages',
  ])
  expect(await linesOf(row('p', 'a'), row('q', 'b'))).toEqual([])
  // pairs and groups are together already
  const pair = { prompt: 'p', chosen: 'a', rejected: 'b' }
  expect(await linesOf(pair, pair)).toEqual([])
  const group = { prompt: 'p', completions: ['a', 'b'] }
  expect(await linesOf(group, group)).toEqual([])
})

it('says that rewards of the data are not read', async () => {
  const group = { prompt: 'p', completions: ['a', 'b'], rewards: [1, 0] }
  const line = 'the column rewards is not read: verifiable rewards are computed from the solution'
  expect(await linesOf(group)).toEqual([`${line}, and no row has one`])
  expect(await linesOf({ ...group, solution: 'str_eval!:!a!:!t' })).toEqual([line])
})

it('says how answers are called where a record has none', () => {
  expect(parseRecord({ prompt: 'p', responses: ['a'] }, { where: 'r:1', number: 1 })).toMatchObject({
    reason: 'no_completion',
    hint: 'There are "responses": name columns with --prompt-column, --chosen-column, --rejected-column; one answer is "completion", several to one prompt are a list in "completions".',
  })
})

it('counts a column as read where the statistics of pairs read it', async () => {
  const pair = { prompt: 'p', chosen: 'a', rejected: 'b' }
  const group = { prompt: 'p', completions: ['a', 'b'] }
  const pairsOf = async (...records: readonly object[]) => (await inspect(rowsOf(records))).pairs
  expect(analysedColumns('run-rm', await pairsOf(pair, group))).toEqual(['reject_kind', 'distance'])
  expect(analysedColumns('run-dpo', await pairsOf(group, pair))).toEqual(['reject_kind', 'distance'])
  // without a score there is no margin to hold a distance against
  expect(analysedColumns('run-verify', await pairsOf(pair))).toEqual(['reject_kind'])
  expect(analysedColumns('run-rm', await pairsOf(group, { prompt: 'p', completion: 'a' }))).toEqual([])
})
