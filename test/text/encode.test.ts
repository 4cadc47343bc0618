import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type HeadEncoded, type HeadOptions, headEncoder } from '../../src/text/encode.ts'
import { encodeAsHerm, logProbEncoder, templateSpan } from '../../src/text/log-prob.ts'
import { poolingRules, type ReadRule } from '../../src/text/read-index.ts'
import { openRenderer } from '../../src/text/renderer.ts'
import { type OpenTokenizer, openTokenizer } from '../../src/text/tokenizer.ts'
import type { Encoded, Unscored } from '../../src/types.ts'
import { isUnscored } from '../../src/unscored.ts'
import { type Checkpoint, checkpoints, type EncodeCase, layOut, type Span } from './checkpoints.ts'

const scratch = mkdtempSync(join(tmpdir(), 'encode-'))
afterAll(() => rmSync(scratch, { recursive: true }))
const now = new Date('2024-07-26T12:00:00')

const open = (name: string, checkpoint: Checkpoint): Promise<OpenTokenizer> =>
  openTokenizer(layOut(checkpoint, join(scratch, name)), { id: name })

/** The last turn is the completion. */
const rowOf = ({ messages, id }: EncodeCase) => ({
  prompt: messages!.slice(0, -1),
  completions: [{ text: messages!.slice(-1) }],
  where: id,
})
function scored<T extends Encoded>(result: T | Unscored | undefined): T {
  if (result === undefined || isUnscored(result)) throw new Error(result ? result.message : 'no result')
  return result
}
const READ_RULES: Readonly<Record<string, ReadRule>> = {
  'rightmost position whose id != config.pad_token_id': 'hf',
  'last position with attention_mask 1': 'mask',
  'last column if attention_mask[0] == 0, else sum(attention_mask) - 1': 'mask',
  'last attended position, which holds config.reward_token_id': 'mask',
  '(index of the FIRST id == config.pad_token_id) - 1, modulo length; last position when there is none or pad_token_id is null':
    'before_first_pad',
}

/** Of a tokenizer or a template, whatever the text; the others are of a text. */
const BY_CHECKPOINT: readonly string[] = ['completion_normalized', 'no_end_of_turn', 'unknown_token']
/** Repairs by the checkpoints or the cases in which they were found. */
const remembered = new Map<string, Set<string>>()
const remember = (repair: string, name: string, id: string): void => {
  remembered.set(repair, (remembered.get(repair) ?? new Set()).add(BY_CHECKPOINT.includes(repair) ? name : id))
}

const heads = Object.entries(checkpoints).filter(([, { kind }]) => kind !== 'dpo-pair' && kind !== 'pair-head')
describe.each(heads)('head %s', (name, checkpoint) => {
  const cases = checkpoint.cases.filter(({ messages }) => messages && messages.length > 1)
  it.each(cases.map((c) => [c.id, c] as const))(
    '%s: text, ids, mask and read position of transformers',
    async (_, expected) => {
      const tokenizer = await open(name, checkpoint)
      const choice = expected.text_pair != null ? 'pair' : 'tokenizer'
      const renderer = await openRenderer(choice, tokenizer, { id: name, now })
      const rule = checkpoint.read_rule === null ? 'hf' : READ_RULES[checkpoint.read_rule]
      const options: HeadOptions = {
        maxLength: expected.truncation?.max_length ?? null,
        truncation: expected.truncation?.side ?? 'skip',
        stripReasoning: false,
        hermCompat: false,
        ...poolingRules(rule ?? 'hf', checkpoint.pad_token_id),
        addSpecialTokens: checkpoint.add_special_tokens,
        appendId: checkpoint.reward_token_id,
        doubleBos: checkpoint.double_bos_rule?.startsWith('none') ? 'keep' : 'repair',
      }
      const encoded = scored<HeadEncoded>(headEncoder(tokenizer, renderer, options)(rowOf(expected))[0])
      const masked = expected.attention_mask.filter((bit) => bit === 0).length
      expect([...encoded.ids]).toEqual(expected.input_ids.slice(masked))
      expect(encoded.positionStart).toBe(masked)
      expect(encoded.repairs.includes('double_bos')).toBe(masked > 0)
      for (const repair of encoded.repairs) if (repair !== 'double_bos') remember(repair, name, expected.id)
      if (expected.token_type_ids) expect([...encoded.typeIds!]).toEqual(expected.token_type_ids)
      if (expected.read_index !== undefined && rule !== undefined)
        expect(encoded.reads[0]! + encoded.positionStart).toBe(expected.read_index)
      if (expected.read_index_pad_set_to_eos !== undefined) {
        const withPad = headEncoder(tokenizer, renderer, { ...options, ...poolingRules(rule ?? 'hf', tokenizer.eosId) })
        expect(scored<HeadEncoded>(withPad(rowOf(expected))[0]).reads[0]! + masked).toBe(
          expected.read_index_pad_set_to_eos,
        )
      }
      expect(encoded.promptTokens + encoded.completionTokens).toBe(encoded.ids.length)
      expect(encoded.truncated).toBe(expected.truncation?.side ?? 'no')
    },
  )
})

it('says nothing of the other texts: each repair stands where the case is made for it', () => {
  expect(Object.fromEntries([...remembered].map(([repair, ids]) => [repair, [...ids].sort()]))).toEqual({
    // NFC, and lower case or an XLM-R map of characters
    completion_normalized: [
      'heads/qwen2-rm',
      'parity/bert',
      'parity/deberta-v2',
      'parity/qwen2',
      'parity/qwen2-bf16',
      'parity/qwen3',
    ],
    completion_white_space: ['whitespace'],
    control_token_in_completion: ['special-token-text'],
    control_token_in_prompt: ['special-token-text', 'unk-in-text'],
    cut_left: ['truncate-left'],
    cut_right: ['pair-truncate', 'truncate-right'],
    // "User: …\n\nAssistant: …", and nothing behind it
    no_end_of_turn: ['heads/ultrarm', 'parity/gpt2', 'parity/opt'],
    unknown_token: ['heads/starling-34b', 'heads/starling-7b', 'parity/bert', 'parity/deberta-v2', 'parity/distilbert'],
  })
})

const expectSpan = (encoded: Encoded, span: Span): void => {
  expect([...encoded.ids]).toEqual(span.input_ids)
  expect(encoded.promptTokens).toBe(span.n_prompt_tokens)
  expect(encoded.completionTokens).toBe(span.n_completion_tokens)
  expect(encoded.start).toBe(span.n_prompt_tokens)
}
const pairs = Object.entries(checkpoints).filter(([, { kind }]) => kind === 'dpo-pair')
const base = { maxLength: null, truncation: 'skip', stripReasoning: false, hermCompat: false } as const
describe.each(pairs)('log-prob %s', (name, checkpoint) => {
  it.each(checkpoint.cases.map((c) => [c.id, c] as const))('%s: the spans of both conventions', async (_, expected) => {
    const tokenizer = await open(name, checkpoint)
    const renderer = await openRenderer('tokenizer', tokenizer, { id: name, now })
    const herm = expected.rewardbench!
    const limits = { maxLength: herm.max_length!, maxPromptLength: herm.max_prompt_length! }
    if (expected.messages) {
      // RewardBench renames roles by position; the reference cases were rendered with the roles given.
      const plainRoles = expected.messages.every(({ role }, i) => role === (i % 2 === 0 ? 'user' : 'assistant'))
      const [full, promptText] = [herm.full_text, herm.prompt_text]
      const direct = encodeAsHerm([{ text: full, pair: null, promptText }], tokenizer, { ...base, ...limits })
      expectSpan(scored(direct[0]), herm)
      if (plainRoles) {
        const encode = logProbEncoder(tokenizer, renderer, { ...base, ...limits, hermCompat: true })
        expectSpan(scored(encode(rowOf(expected))[0]), herm)
      }
    } else {
      const direct = encodeAsHerm([{ text: herm.full_text, pair: null, promptText: herm.prompt_text }], tokenizer, {
        ...base,
        ...limits,
      })
      expectSpan(scored(direct[0]), herm)
      expect(scored(direct[0]).repairs).toEqual([
        ...(herm.boundary_shifted ? ['boundary_shifted'] : []),
        ...(expected.id === 'plain-prompt-repeated' ? ['prompt_recurs'] : []),
      ])
    }
    if (expected.template) {
      expectSpan(scored(logProbEncoder(tokenizer, renderer, base)(rowOf(expected))[0]), expected.template)
      const ids = (text: string): Int32Array => tokenizer.encode(text, { addSpecialTokens: false }).ids
      const { full_text, prompt_text } = expected.template
      expectSpan(scored(templateSpan(ids(full_text), ids(prompt_text), '', base, '')), expected.template)
    }
  })
})
