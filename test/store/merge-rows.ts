/**
 * Merges shards of many rows, joins and writes them, in a process whose heap a test bounds: `merge-rows.ts <folder> <rows> [hold]`.
 * Prints what was merged and written. With `hold` it keeps the rows, as a run that does not stream would.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type JoinedRow, joinAll } from '../../src/join.ts'
import { writeScores } from '../../src/report/write.ts'
import { Ledger } from '../../src/score/ledger.ts'
import { rewardModelScorer } from '../../src/score/scorer.ts'
import { type Entry, openStore } from '../../src/store/log.ts'
import { mergeShards, storeName } from '../../src/store/merge.ts'
import type { Row } from '../../src/types.ts'

const [folder, count, hold] = [process.argv[2]!, Number(process.argv[3]), process.argv[4] === 'hold']
const SHARDS = 4
const keyOf = (i: number, c: number): string => createHash('sha256').update(`${i}/${c}`).digest('hex').slice(0, 32)
const textOf = (i: number, c: number): string => `${i} ${c} ${'a completion of some length, '.repeat(8)}`

/** The shards, rows in turn; each has its rows in reverse, as batches by length have them in another order than the data. */
for (let index = 1; index <= SHARDS; index++) {
  const store = await openStore(join(folder, storeName({ index, count: SHARDS })), { cut: 'cut' })
  let batch: Entry[] = []
  for (let i = count - 1; i >= 0; i--) {
    if (i % SHARDS !== index - 1) continue
    for (const c of [0, 1]) batch.push([keyOf(i, c), { kind: 'head', values: [i + c / 2], scoredTokenIndex: c }])
    if (batch.length < 500) continue
    store.append(batch)
    batch = []
  }
  store.append(batch)
  store.finish()
  store.close()
}

async function* rows(): AsyncGenerator<Row> {
  for (let i = 0; i < count; i++)
    yield {
      kind: 'pair', id: `row ${i}`, subset: '', problemType: null, prompt: `prompt ${i}`, solution: null, where: '', extra: {},
      completions: [
        { role: 'chosen', index: 0, text: textOf(i, 0) },
        { role: 'rejected', index: 0, text: textOf(i, 1) },
      ],
    } // biome-ignore format: one line says it
}
const merged = await mergeShards(folder, SHARDS, {}, { cut: 'cut' })
if (merged.state !== 'merged') throw new Error(merged.state)
const ledger = new Ledger(1)
for (let i = 0; i < count; i++)
  for (const c of [0, 1])
    ledger.setKey(
      ledger.append({
        unscored: null,
        promptTokens: 3,
        completionTokens: 5,
        truncated: 'no',
        textSha256: keyOf(i, c).repeat(2),
      }),
      0,
      keyOf(i, c),
    )
const scorer = rewardModelScorer({ kind: 'label', index: 0 }, ['reward'])
const held: JoinedRow[] = []
let sum = 0
const written = writeScores(folder, joinAll({ rows, ledger, store: merged.store }, scorer), {
  ownColumns: [],
  extraColumns: [],
})
for await (const row of written) {
  sum += row.pairs[0]!.margin!
  if (hold) held.push(row)
}
merged.store.close()
process.stdout.write(JSON.stringify({ added: merged.added, margins: sum, rss: process.resourceUsage().maxRSS }))
