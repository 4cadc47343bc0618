import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import {
  type Bin,
  type CsvRow,
  jsonLines,
  type Manifest,
  manifestOf,
  QUICK,
  readCsv,
  readJson,
  run,
  temporaryFolder,
} from './bin.ts'

/** Every golden checkpoint through the bins, from messages to scores.csv. */
interface Message {
  readonly role: string
  readonly content: string
}
interface HeadCase {
  readonly id: string
  readonly messages: readonly Message[]
  readonly text_pair: string | null
  readonly truncation: { readonly max_length: number; readonly side: 'left' | 'right' } | null
  readonly input_ids: readonly number[]
  readonly double_bos: boolean
  readonly scores: readonly number[]
  readonly scores_pad_set_to_eos?: readonly number[]
  /** Decoders; an encoder's head reads the first token, or all. */
  readonly read_index?: number
}
interface Span {
  readonly prompt_text: string
  readonly full_text: string
  readonly max_length?: number
  readonly max_prompt_length?: number
  readonly boundary_shifted?: boolean
  readonly n_prompt_tokens: number
  readonly n_completion_tokens: number
  readonly policy_sum: number
  readonly reference_sum: number
  readonly policy_norm: number
}
interface DpoCase {
  readonly id: string
  readonly messages: readonly Message[] | null
  readonly rewardbench: Span
  readonly template?: Span | null
}
interface Golden<Case> {
  readonly kind: 'sequence-classification' | 'dpo-pair'
  readonly num_labels: number
  readonly tolerance_advice: {
    readonly atol: number
    readonly rtol: number
    readonly sum_atol: number
    readonly sum_rtol: number
  }
  readonly cases: readonly Case[]
}

const PARITY = packagePath('test/data/parity')
const golden = <Case>(name: string): Golden<Case> => readJson(PARITY, name, 'golden.json')
const names = (kind: Golden<unknown>['kind']): string[] =>
  readdirSync(PARITY, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && golden(entry.name).kind === kind)
    .map(({ name }) => name)

const folder = temporaryFolder()
afterAll(() => folder.remove())

interface Scored {
  readonly rows: ReadonlyMap<string, CsvRow>
  readonly run: Manifest
}

/** Runs rows through a bin; scores.csv by id. */
async function score(bin: Bin, label: string, rows: readonly unknown[], args: readonly string[]): Promise<Scored> {
  const data = join(folder.path, `${label}.jsonl`)
  writeFileSync(data, jsonLines(rows))
  const done = await run(bin, ['--dataset', data, '--output-dir', folder.path, '--name', label, ...QUICK, ...args])
  if (done.code !== 0) throw new Error(`exit ${done.code}: ${done.stderr}`)
  const out = join(folder.path, label, label)
  return { rows: new Map(readCsv(out, 'scores.csv').map((row) => [row.id!, row])), run: manifestOf(out) }
}
const single = ({ id, messages }: { readonly id: string; readonly messages: readonly Message[] | null }) => ({
  id,
  messages,
})

describe.each(names('sequence-classification'))('run-rm --model %s', (name) => {
  const { cases, num_labels, tolerance_advice } = golden<HeadCase>(name)
  const plain = cases.filter((c) => c.truncation === null && c.text_pair === null)
  const pairs = cases.filter((c) => c.truncation === null && c.text_pair !== null)
  const cut = cases.filter((c) => c.truncation !== null)
  const padded = plain.some((c) => c.scores_pad_set_to_eos !== undefined)
  const args = ['--model', join(PARITY, name), ...(num_labels > 1 ? ['--head', 'all'] : [])]
  const PAIR = ['--chat-template', 'pair']
  const readsAll = readJson<{ readonly classifier_pooling?: string }>(PARITY, name, 'config.json').classifier_pooling
  const readAt = (c: HeadCase): string => String(c.read_index ?? (readsAll === 'mean' ? c.input_ids.length - 1 : 0))
  let whole: Scored
  let paired: Scored | null
  let short: ReadonlyMap<string, Scored>
  let herm: Scored | null
  beforeAll(async () => {
    const [first, second, third, ...rest] = await Promise.all([
      score('run-rm', name, plain.map(single), args),
      padded ? score('run-rm', `${name}-herm`, plain.map(single), [...args, '--herm-compat']) : null,
      pairs.length > 0 ? score('run-rm', `${name}-pair`, pairs.map(single), [...args, ...PAIR]) : null,
      ...cut.map((c) => {
        const { max_length, side } = c.truncation!
        const template = c.text_pair === null ? [] : PAIR
        const flags = ['--max-length', String(max_length), '--truncation', side, ...template]
        return score('run-rm', `${name}-${c.id}`, [single(c)], [...args, ...flags])
      }),
    ])
    whole = first
    herm = second
    paired = third
    short = new Map(cut.map((c, i) => [c.id, rest[i]!]))
  })

  const expectScores = (row: CsvRow, want: readonly number[]): void => {
    const got = num_labels > 1 ? want.map((_, i) => Number(row[`head_${i}`])) : [Number(row.score)]
    for (const [i, value] of want.entries())
      expect(Math.abs(got[i]! - value), `${row.id}, label ${i}`).toBeLessThanOrEqual(
        tolerance_advice.atol + tolerance_advice.rtol * Math.abs(value),
      )
  }

  it('gives the scores of transformers, read at the same token', () => {
    expect(whole.rows.size).toBe(plain.length)
    for (const c of plain) {
      const row = whole.rows.get(c.id)!
      expectScores(row, c.scores)
      expect(row.scored_token_index, c.id).toBe(readAt(c))
      const dropped = c.double_bos ? 1 : 0
      expect(Number(row.prompt_tokens) + Number(row.completion_tokens), c.id).toBe(c.input_ids.length - dropped)
    }
  })

  if (pairs.length > 0)
    it('--chat-template pair: prompt and completion as two texts', () => {
      expect(paired!.rows.size).toBe(pairs.length)
      for (const c of pairs) expectScores(paired!.rows.get(c.id)!, c.scores)
    })

  it('counts the repaired double BOS', () => {
    const doubled = plain.filter((c) => c.double_bos).length
    expect(whole.run.models[0]!.work.repairs.double_bos ?? 0).toBe(doubled)
  })

  it.each(cut.map((c) => c.id))('%s', (id) => {
    const c = cut.find((one) => one.id === id)!
    const { rows, run } = short.get(id)!
    expectScores(rows.get(id)!, c.scores)
    expect(rows.get(id)!).toMatchObject({ truncated: '1', scored_token_index: readAt(c) })
    expect(run.models[0]!).toMatchObject({
      work: { truncated: 1 },
      text: { max_length: c.truncation!.max_length, truncation: c.truncation!.side },
    })
  })

  if (padded)
    it('--herm-compat sets a missing pad token to the eos token', () => {
      for (const c of plain.filter(startsWithUser)) expectScores(herm!.rows.get(c.id)!, c.scores_pad_set_to_eos!)
    })
})

/** The goldens come after prepare_dialogue, which gives roles by position: a system turn would be the user's. */
const startsWithUser = ({ messages }: { readonly messages: readonly Message[] | null }): boolean =>
  messages?.[0]?.role === 'user'
/** RewardBench's limits without flags; the goldens with smaller ones are for the encoder's own tests. */
const asInHerm = (c: DpoCase): boolean => (c.rewardbench.max_length ?? 2048) === 2048 && startsWithUser(c)
/** Prompts and completions without a template, for two of them. */
const BARE = ['dpo-gpt2', 'dpo-llama']

/** --tokenizer: the policy's without its chat template, which would win over --chat-template as it does in RewardBench. */
function withoutTemplate(name: string): string[] {
  const dir = join(folder.path, `${name}-tokenizer`)
  cpSync(join(PARITY, name, 'policy'), dir, { recursive: true, filter: (file) => !/\.(safetensors|jinja)$/.test(file) })
  const path = join(dir, 'tokenizer_config.json')
  const { chat_template: _, ...config } = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  writeFileSync(path, JSON.stringify(config))
  return ['--tokenizer', dir]
}

describe.each(names('dpo-pair'))('run-dpo %s', (name) => {
  const { cases, tolerance_advice } = golden<DpoCase>(name)
  const args = ['--model', join(PARITY, name, 'policy'), '--ref-model', join(PARITY, name, 'reference')]
  const rows = cases.filter((c) => c.messages !== null)
  // without a template: prompt and completion as they are
  const bare = BARE.includes(name) ? cases.filter((c) => c.messages === null) : []
  let template: Scored
  let herm: Scored
  let raw: Scored | null
  beforeAll(async () => {
    const texts = bare.map(({ id, rewardbench: { prompt_text: prompt, full_text } }) => ({
      id,
      prompt,
      completion: full_text.slice(prompt.length),
    }))
    ;[template, herm, raw] = await Promise.all([
      score('run-dpo', name, rows.filter((c) => c.template).map(single), args),
      score('run-dpo', `${name}-herm`, rows.filter(asInHerm).map(single), [...args, '--herm-compat']),
      bare.length > 0
        ? score('run-dpo', `${name}-raw`, texts, [
            ...args,
            ...withoutTemplate(name),
            '--herm-compat',
            '--chat-template',
            'raw',
          ])
        : null,
    ])
  })

  const expectSpan = (row: CsvRow, want: Span): void => {
    expect([Number(row.prompt_tokens), Number(row.completion_tokens)], row.id).toEqual([
      want.n_prompt_tokens,
      want.n_completion_tokens,
    ])
    for (const [column, value] of [
      ['policy_logprob', want.policy_sum],
      ['reference_logprob', want.reference_sum],
      ['policy_norm', want.policy_norm],
    ] as const)
      expect(Math.abs(Number(row[column]) - value), `${row.id} ${column}`).toBeLessThanOrEqual(
        tolerance_advice.sum_atol + tolerance_advice.sum_rtol * Math.abs(value),
      )
  }

  it('measures the span after the prompt with generation prompt', () => {
    for (const c of rows) if (c.template) expectSpan(template.rows.get(c.id)!, c.template)
  })

  it("--herm-compat measures RewardBench's span", () => {
    expect(herm.rows.size).toBe(rows.filter(asInHerm).length)
    for (const c of rows.filter(asInHerm)) expectSpan(herm.rows.get(c.id)!, c.rewardbench)
    if (raw === null) return
    for (const c of bare) expectSpan(raw.rows.get(c.id)!, c.rewardbench)
    const shifted = bare.filter((c) => c.rewardbench.boundary_shifted).length
    expect(shifted).toBeGreaterThan(0)
    expect(raw.run.models.map(({ work }) => work.repairs.boundary_shifted ?? 0)).toEqual([shifted, shifted])
  })
})
