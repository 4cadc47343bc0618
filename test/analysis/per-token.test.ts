import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { PER_TOKEN_COLUMNS, perToken } from '../../analysis/commands/per-token.ts'
import { prefixRewards } from '../../analysis/prefix-rewards.ts'
import { openCheckpoint } from '../../src/model/checkpoint.ts'
import { packagePath } from '../../src/package.ts'
import type { Prepared } from '../../src/score/subject.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import type { Batch, Runner, Sequence } from '../../src/types.ts'
import { rmScores } from '../agreement/demo.ts'
import { openRunner } from '../model/runner.ts'

const MODEL = packagePath('src/embedded/demo/demo-reward-model')
const folder = mkdtempSync(join(tmpdir(), 'chemherm-per-token-'))
let runner: Runner
let tokenizer: Awaited<ReturnType<typeof openTokenizer>>
beforeAll(async () => {
  tokenizer = await openTokenizer(MODEL, { id: 'demo' })
  runner = await openRunner(openCheckpoint(MODEL), { kind: 'head', device: 'cpu', dtype: 'fp32' })
})
afterAll(async () => {
  await runner.release()
  rmSync(folder, { recursive: true })
})
const choice = { kind: 'label', index: 0 } as const
const prepared = (text: string, start: number): Prepared => {
  const { ids } = tokenizer.encode(text, { addSpecialTokens: false })
  const counts = { promptTokens: start, completionTokens: ids.length - start, truncated: 'no', repairs: [] } as const
  return {
    ids,
    typeIds: null,
    positionStart: 0,
    start,
    reads: Int32Array.of(ids.length - 1),
    poolingDiffers: false,
    textSha256: '',
    ...counts,
  }
}

describe('prefixRewards', () => {
  it('gives every prefix the reward that it has alone, each token computed once', async () => {
    const whole = prepared('CC(=O)Oc1ccccc1C(=O)O is aspirin, naïve ☃ 🧪!', 5)
    let tokens = 0
    const counting: Runner = {
      info: runner.info,
      release: () => runner.release(),
      run: (batch, sequences) => {
        tokens += batch.tokens
        return runner.run(batch, sequences)
      },
    }
    const found = await prefixRewards(counting, whole, choice, {
      tokenizer,
      pooling: 'hf',
      padTokenId: runner.info.padTokenId,
    })
    expect(found).toHaveLength(whole.ids.length)
    expect(tokens).toBe(whole.ids.length)
    for (const { token, reward } of found) {
      const ids = whole.ids.slice(0, token + 1)
      const sequences: Sequence[] = [{ ids, typeIds: null, positionStart: 0, reads: Int32Array.of(token), group: 0 }]
      const batch: Batch = { layout: 'padded', sequences: [0], prefix: 0, tokens: ids.length }
      const [alone] = await runner.run(batch, sequences)
      expect(Math.abs(reward - alone![0]!), `token ${token}`).toBeLessThan(1e-4)
    }
    expect(found.map((p) => p.text).join('')).toBe(tokenizer.decode(whole.ids))
    expect(found.at(-1)!.characters).toBe([...tokenizer.decode(whole.ids)].length)
    expect(found.filter((p) => !p.completion)).toHaveLength(5)
  })
  it('reads the token that the rule reads: behind a pad id the one before it', async () => {
    const whole = prepared('CCO', 0)
    const padId = whole.ids.at(-1)!
    const found = await prefixRewards(runner, whole, choice, { tokenizer, pooling: 'hf', padTokenId: padId })
    const plain = await prefixRewards(runner, whole, choice, { tokenizer, pooling: 'mask', padTokenId: padId })
    expect(found.at(-1)!.reward).toBeCloseTo(plain.at(-2)!.reward, 5)
    expect(found.at(-1)!.reward).not.toBeCloseTo(plain.at(-1)!.reward, 3)
  })
  it('refuses encoders', async () => {
    const encoder = { ...prepared('CCO', 0), typeIds: new Int32Array(3) }
    const rules = { tokenizer, pooling: 'hf', padTokenId: null } as const
    await expect(prefixRewards(runner, encoder, choice, rules)).rejects.toThrow('reads the whole text')
  })
})

describe('per-token', () => {
  it('ends each completion of a pair with the score that the model is known for', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    const [id, [chosen, rejected]] = Object.entries(rmScores())[0]!
    try {
      expect(await perToken(['--id', id, '--output-dir', folder, '--offline'])).toBe(0)
    } finally {
      write.mockRestore()
    }
    const stem = join(folder, 'analysis', 'per-token', 'demo-reward-model', id)
    const rows = parse(readFileSync(`${stem}.csv`), { columns: true }) as Record<string, string>[]
    expect(Object.keys(rows[0]!)).toEqual([...PER_TOKEN_COLUMNS])
    const last = (role: string): number => Number(rows.findLast((r) => r.role === role)!.reward)
    expect(last('chosen')).toBeCloseTo(chosen, 4)
    expect(last('rejected')).toBeCloseTo(rejected, 4)
    const svg = readFileSync(`${stem}.svg`, 'utf8')
    expect(svg).toContain('solid: chosen')
    // a file of its own: numbers for colours, which no page's style sheet has to give
    expect(svg).toMatch(/#[0-9a-f]{6}/)
    expect(svg).not.toContain('var(')
  })
  it('says what it cannot draw', async () => {
    const args = ['--output-dir', folder, '--offline']
    await expect(perToken(['--id', 'nope', ...args])).rejects.toThrow('has no row nope')
    await expect(perToken(['--text', 'C', '--chat-template', 'tokenizer', ...args])).rejects.toThrow('needs --prompt')
    const several = packagePath('test/data/parity/llama-armo5')
    await expect(perToken(['--model', several, '--head', 'all', ...args])).rejects.toThrow('draws one head')
    const own = packagePath('test/data/heads/armorm')
    await expect(perToken(['--model', own, ...args])).rejects.toThrow('(armorm) reads by a rule of its own')
  })
})
