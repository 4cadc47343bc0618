import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { accuracyReward, formatReward } from '../../src/index.ts'
import type { PairRow } from '../../src/make/row.ts'
import { builtinDataset } from '../../src/pairs/builtin.ts'
import { newFolder } from '../cli/effects/shown.ts'
import { call } from '../command.ts'
import golden from '../data/make/chem-pairs-v1.json' with { type: 'json' }

it('is made again byte for byte', { timeout: 1_800_000 }, async () => {
  const output = join(newFolder(), 'pairs.jsonl')
  const { code, stderr } = await call('make-pairs', ['--benchmark', 'chem-pairs-v1', '--output', output])
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('byte for byte the chem-pairs-v1 that ships')
  expect(createHash('sha256').update(readFileSync(output)).digest('hex')).toBe(golden.sha256)
})

it("every verdict and reason is that of Python's ether0", { timeout: 1_800_000 }, async () => {
  const rows = gunzipSync(readFileSync(builtinDataset('chem-pairs-v1')!))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PairRow)
  const hash = createHash('sha256')
  for (const { chosen, rejected, solution } of rows) {
    const verdicts = [await accuracyReward(chosen, solution), await accuracyReward(rejected, solution)]
    const numbers = [...verdicts.map(({ value }) => value!), ...[chosen, rejected].map((text) => formatReward(text))]
    // as Python's json.dumps writes the tuple
    const parts = [...numbers.map((n) => n.toFixed(1)), ...verdicts.map(({ reason }) => JSON.stringify(reason))]
    hash.update(`[${parts.join(', ')}]\n`)
  }
  expect(hash.digest('hex')).toBe(golden.verdicts_sha256)
})
