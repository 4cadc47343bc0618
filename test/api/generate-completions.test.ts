import { expect, it } from 'vitest'
import { type GeneratedRow, type GenerateOptions, generateCompletions } from '../../src/index.ts'
import { readPacked } from '../generate/models.ts'

const CPU: GenerateOptions = { device: 'cpu' }
async function collect(rows: AsyncIterable<GeneratedRow>): Promise<GeneratedRow[]> {
  const all: GeneratedRow[] = []
  for await (const row of rows) all.push(row)
  return all
}
const PROMPTS = [
  { id: 'a', prompt: 'Name an ether.' },
  { id: 'b', prompt: [{ role: 'user', content: 'Name an acid.' }] },
]

it('continues what it is given as transformers does', async () => {
  const { models } = readPacked('expected.json.gz') as {
    models: Record<string, { items: { id: string; prompt_ids: number[]; text: string; near_ties: number[] }[] }>
  }
  const item = models['demo-policy-dpo']!.items.find(({ near_ties }) => near_ties.length === 0)!
  const prompt =
    'Suggest a SMILES structure for a molecule with formula C10H12N4O2S and the following functional groups: sulfon, hetero N nonbasic.'
  const [row] = await collect(generateCompletions(null, [{ prompt }], CPU))
  expect(item.id).toBe('test-functional-group-0076')
  expect(row!.completions[0]!.text).toBe(item.text)
  expect(row).toMatchObject({ id: '1', failure: null, unscored: null })
})

it('gives every row back: completed, not continued, or no row', async () => {
  const notes: string[] = []
  const rows = [...PROMPTS, { id: 'long', prompt: 'C'.repeat(2000) }, { id: 'none' }]
  const options = { ...CPU, n: 2, temperature: 1, maxNewTokens: 4, onNote: (note: string) => void notes.push(note) }
  const found = new Map((await collect(generateCompletions(null, rows, options))).map((row) => [row.id, row]))
  expect([...found.keys()].sort()).toEqual(['a', 'b', 'long', 'none'])
  expect(found.get('a')!.completions).toHaveLength(2)
  expect(found.get('long')).toMatchObject({ unscored: { reason: 'too_long' }, completions: [] })
  expect(found.get('none')).toMatchObject({ row: null, failure: { reason: 'no_completion' } })
  expect(notes.some((note) => note.startsWith('device cpu'))).toBe(true)
  // the same draws, whatever stands beside a row
  const alone = await collect(generateCompletions(null, PROMPTS.slice(1), options))
  expect(alone[0]!.completions.map(({ tokenIds }) => tokenIds)).toEqual(
    found.get('b')!.completions.map(({ tokenIds }) => tokenIds),
  )
})

it.each<[GenerateOptions | Record<string, unknown>, string]>([
  [{ temprature: 1 }, 'generateCompletions: temprature'],
  [{ n: '2' }, 'generateCompletions: n'],
  [{ n: 2 }, '--n 2'],
  [{ topP: 0 }, '--top-p'],
  [{ limit: 1 }, 'generateCompletions: limit'],
])('%j is refused', async (options, where) => {
  await expect(collect(generateCompletions(null, PROMPTS, { ...CPU, ...options }))).rejects.toMatchObject({
    tag: 'usage',
    where,
  })
})

it('ends with the reason of its signal, and where the loop is left', async () => {
  const stop = new AbortController()
  const options = { ...CPU, temperature: 1, n: 50, batchSize: 1, signal: stop.signal }
  const ended = collect(generateCompletions(null, PROMPTS, options))
  setTimeout(() => stop.abort(new Error('enough')), 300)
  await expect(ended).rejects.toThrow('enough')
  for await (const row of generateCompletions(null, PROMPTS, { ...CPU, maxNewTokens: 2 })) {
    expect(row.completions).toHaveLength(1)
    break
  }
})
