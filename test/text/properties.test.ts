import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headEncoder } from '../../src/text/encode.ts'
import { logProbEncoder } from '../../src/text/log-prob.ts'
import { poolingRules, readIndex } from '../../src/text/read-index.ts'
import { renderRow } from '../../src/text/render.ts'
import { openRenderer } from '../../src/text/renderer.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'
import { isUnscored } from '../../src/unscored.ts'

const folder = (name: string): string => fileURLToPath(new URL(`../data/text/tokenizers/${name}`, import.meta.url))
const now = new Date('2024-07-26T12:00:00')
const seed = 20261121
/** Words, SMILES, white space, other scripts; special tokens in a text are left to the golden cases. */
const text = fc
  .array(
    fc.constantFrom(
      'CC(=O)O',
      'c1ccccc1',
      ' ',
      '\n',
      'a',
      'The',
      ' formula',
      '.',
      '12',
      'é',
      '苯',
      '🧪',
      "'",
      '(',
      '=',
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

/** Byte-level vocabularies give back every text; in chatml the prompt with its header is a prefix of the whole. */
describe.each(['qwen2-rm', 'armorm', 'oasst-pythia'])('%s with chatml', (name) => {
  it('the prompt is a prefix of the whole, and the span decodes to the completion and its end of turn', async () => {
    const tokenizer = await openTokenizer(folder(name), { id: name })
    const renderer = await openRenderer('chatml', tokenizer, { id: name, now })
    const options = { maxLength: null, truncation: 'skip', stripReasoning: false, hermCompat: false } as const
    const logProb = logProbEncoder(tokenizer, renderer, options)
    const head = headEncoder(tokenizer, renderer, { ...options, ...poolingRules('mask', tokenizer.padId) })
    fc.assert(
      fc.property(text, text, (prompt, completion) => {
        const rendered = renderRow(prompt, completion, renderer)
        if (isUnscored(rendered)) throw new Error(rendered.message)
        expect(rendered.text.startsWith(rendered.promptText)).toBe(true)
        const row = { prompt, completions: [{ text: completion }], where: 'x' }
        const [encoded] = logProb(row)
        if (!encoded || isUnscored(encoded)) throw new Error('unscored')
        expect(tokenizer.decode(encoded.ids)).toBe(rendered.text.normalize(name === 'qwen2-rm' ? 'NFC' : undefined))
        // A token that merges header and completion starts the span, which then decodes to a little more.
        const span = tokenizer.decode(encoded.ids.subarray(encoded.start))
        expect(span.endsWith(`${completion}<|im_end|>\n`)).toBe(true)
        const [measured] = head(row)
        if (!measured || isUnscored(measured)) throw new Error('unscored')
        expect(measured.reads[0]).toBe(measured.ids.length - 1)
        expect(measured.promptTokens + measured.completionTokens).toBe(measured.ids.length)
      }),
      { seed, numRuns: 150 },
    )
  })
})

it('reads by id as transformers does', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 12 }), (list) => {
      const ids = Int32Array.from(list)
      const last = list.length - 1
      // hf in one line of Python: max((i for i, t in enumerate(ids) if t != pad), default=0)
      expect(readIndex(ids, 'hf', 0)).toBe(list.reduce((at, id, i) => (id === 0 ? at : i), 0))
      expect(readIndex(ids, 'mask', 0)).toBe(last)
      expect(readIndex(ids, 'hf', null)).toBe(last)
      const pad = list.indexOf(0)
      expect(readIndex(ids, 'before_first_pad', 0)).toBe(pad === -1 || pad === 0 ? last : pad - 1)
    }),
    { seed },
  )
})
