import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { promptsOf, readCompletions, readPairs } from '../../analysis/run-csv.ts'
import type { Run } from '../../analysis/runs.ts'
import { withSharedColumns } from '../../analysis/shared-columns.ts'

async function run(model: string, margins: readonly string[], prompts: readonly string[]): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'shared-'))
  const path = (name: string, lines: readonly string[]): string => {
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
    return join(folder, name)
  }
  const pairs = await readPairs(
    path('pairs.csv', [
      'id,subset,margin,cluster,chosen_tokens,problem_type',
      ...margins.map((margin, i) => `${i},s${i % 2},${margin},${prompts[i]},${i + 5},t`),
    ]),
  )
  const scores = path('scores.csv', [
    'id,subset,role,score,verifiable_reward,cluster',
    ...margins.map((margin, i) => `${i},s${i % 2},chosen,${margin},1,${prompts[i]}`),
  ])
  const completions = await readCompletions(scores, promptsOf(pairs))
  return { model, dataset: 'd', where: folder, manifest: null, warnings: [], pairs, completions }
}

it('of two runs on the same data stand in memory once, and hold what was read', async () => {
  const [a, b] = [await run('a', ['1', '-2', ''], ['p', 'q', 'p']), await run('b', ['1', '3', ''], ['p', 'q', 'p'])]
  const shared = withSharedColumns(b, [a])
  expect(shared).toEqual(b)
  expect([...shared.pairs.key]).toEqual([...b.pairs.key])
  for (const name of ['key', 'chosenTokens', 'rejectedTokens', 'chosenReward'] as const)
    expect(shared.pairs[name], name).toBe(a.pairs[name])
  expect(shared.pairs.texts!.prompt).toBe(a.pairs.texts!.prompt)
  expect(shared.pairs.cluster.names).toBe(a.pairs.cluster.names)
  expect(shared.pairs.strata!.problem_type!.code).toBe(a.pairs.strata!.problem_type!.code)
  expect(shared.completions.key).toBe(a.completions.key)
  expect(shared.pairs.margin).toBe(b.pairs.margin)
  expect(shared.completions.score).toBe(b.completions.score)
})

it('stay apart where a bit differs, and where the rows are others', async () => {
  const a = await run('a', ['1', '-2', '0'], ['p', 'q', 'p'])
  const other = await run('b', ['1', '-2', '0'], ['p', 'q', 'r'])
  const shared = withSharedColumns(other, [a])
  expect(shared).toEqual(other)
  expect(shared.pairs.cluster.names).toBe(other.pairs.cluster.names)
  expect(shared.pairs.cluster.code).toBe(other.pairs.cluster.code)
  expect(shared.pairs.texts!.prompt).toBe(other.pairs.texts!.prompt)
  expect(shared.pairs.margin).toBe(a.pairs.margin)
  const fewer = await run('c', ['1'], ['p'])
  expect(withSharedColumns(fewer, [a])).toBe(fewer)
})
