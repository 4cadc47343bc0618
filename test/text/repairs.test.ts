import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { mostRepairs, RepairTally } from '../../src/score/repair-tally.ts'
import { controlTokens } from '../../src/text/control.ts'
import { normalizationOf } from '../../src/text/normalization.ts'
import { type Rendered, type RenderRowOptions, renderRow } from '../../src/text/render.ts'
import { REPAIRS, repairLines, sameTokens } from '../../src/text/repairs.ts'
import { type ChatMessage, compileTemplate } from '../../src/text/template.ts'
import type { Message, Text } from '../../src/types.ts'
import { isUnscored } from '../../src/unscored.ts'

interface Golden {
  readonly conversations: Readonly<Record<string, readonly ChatMessage[]>>
  readonly templates: Readonly<
    Record<string, { readonly chat_template: string; readonly special_tokens: Readonly<Record<string, string>> }>
  >
}
const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('../data/templates/golden.json.gz', import.meta.url))).toString(),
) as Golden
const now = new Date('2026-03-05T12:00:00')
const SPECIAL = { bos_token: '<s>', eos_token: '<|im_end|>' }

/** A row under a template; the tokenizer's special tokens are those that the template and its names have. */
function rendered(
  source: string,
  prompt: Text,
  completion: Text,
  special = SPECIAL,
  options: RenderRowOptions = {},
): Rendered {
  const template = compileTemplate(source, 'template')
  const marks = source.match(/<\|[a-z_]+\|>|<[a-z_]+>|<｜[^｜]+｜>/g) ?? []
  const control = controlTokens(
    { specialContents: [...new Set([...Object.values(special), ...marks])], specialTokens: special },
    source,
  )
  const renderer = { kind: 'template', choice: 'x', template, specialTokens: special, now, control } as const
  const result = renderRow(prompt, completion, renderer, options)
  if (isUnscored(result)) throw new Error(result.message)
  return result
}
const CHATML =
  "{{ bos_token }}{%- for m in messages %}{{- '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>' }}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
const turn = (role: string, content: string): Message => ({ role, content })

describe('on the golden templates', () => {
  const cases = Object.entries(golden.templates).flatMap(([name, { chat_template, special_tokens }]) =>
    Object.entries(golden.conversations).flatMap(([conversation, messages]) => {
      const texts = messages as readonly Message[]
      if (texts.at(-1)?.role !== 'assistant' || texts.length < 2) return []
      if (texts.some(({ content }) => typeof content !== 'string')) return []
      try {
        const { repairs } = rendered(
          chat_template,
          texts.slice(0, -1),
          texts.slice(-1),
          special_tokens as typeof SPECIAL,
        )
        return repairs!.map((repair) => `${repair}: ${name}, ${conversation}`)
      } catch {
        return []
      }
    }),
  )

  it('every loss is one, seen in the golden texts: a trim, a dropped system turn, a cut thought', () => {
    const trims = [
      'llama-3', 'llama-3.1', 'mistral-v3', 'llama-2-chat', 'gemma', 'gemma-3', 'vicuna', 'alpaca', 'cohere-command', 'filters-mix',
    ] // biome-ignore format: a list
    expect(cases.sort()).toEqual(
      [
        ...trims.map((name) => `completion_white_space: ${name}, whitespace`),
        // its filter `replace` and `trim` change the line ends of thoughts
        'completion_white_space: filters-mix, think-tags',
        'prompt_part_left_out: filters-mix, think-tags',
        // the thought of an earlier turn
        'prompt_part_left_out: qwen3-thinking, think-tags',
        'prompt_part_left_out: deepseek-r1, think-tags',
        'completion_part_left_out: deepseek-r1, think-tags',
        // no system turn where the last turn is the assistant's
        'prompt_part_left_out: mistral-v3, system',
        'prompt_part_left_out: mistral-v3, system-multi-turn',
      ].sort(),
    )
  })
})

describe('what a template does to a completion', () => {
  const repairsOf = (source: string, prompt: Text, completion: Text): readonly string[] =>
    rendered(source, prompt, completion).repairs!

  it('a thought that it drops', () => {
    const cut = CHATML.replace('m.content', "m.content.split('</think>')[-1]")
    expect(repairsOf(cut, 'p', '<think>a</think>CCO')).toEqual(['completion_part_left_out'])
    expect(repairsOf(cut, 'p', 'CCO')).toEqual([])
    expect(repairsOf(CHATML, 'p', '<think>a</think>CCO')).toEqual([])
    // the whole of a short one, of which the prompt holds the letters
    expect(repairsOf(CHATML.replace('m.content', "(m.content if m.role == 'user' else '')"), 'CCO?', 'CCO')).toEqual([
      'completion_part_left_out',
    ])
  })

  it('a thought whose opening tag ends the prompt is whole', () => {
    const opened = CHATML.replace("'<|im_start|>assistant\n' }}", "'<|im_start|>assistant\n<think>\n' }}")
    expect(repairsOf(opened, 'p', '<think>\na\n</think>CCO')).toEqual([])
    expect(repairsOf(opened, 'p', 'CCO')).toEqual([])
  })

  it('white space that it strips or adds within', () => {
    expect(repairsOf(CHATML.replace('m.content', 'm.content.strip()'), 'p', 'CCO\n')).toEqual([
      'completion_white_space',
    ])
    const spaced = CHATML.replace('m.content', "m.content.replace('</think>', '</think>\n\n')")
    expect(repairsOf(spaced, 'p', '<think>a</think>CCO')).toEqual(['completion_white_space'])
  })

  it('turns of the prompt that it leaves out, a prompt that it only strips is whole', () => {
    const users = CHATML.replace('for m in messages', "for m in messages if m.role != 'system'")
    expect(repairsOf(users, [turn('system', 'Be brief.'), turn('user', 'p')], 'CCO')).toEqual(['prompt_part_left_out'])
    expect(repairsOf(users, [turn('user', 'p')], 'CCO')).toEqual([])
    expect(repairsOf(CHATML.replace('m.content', 'm.content.strip()'), ' p ', 'CCO')).toEqual([])
  })

  it('the turns of a completion, one after the other', () => {
    const last = CHATML.replace('for m in messages', "for m in messages if m.role != 'tool'")
    const completion = [turn('assistant', 'call'), turn('tool', 'result 7'), turn('assistant', 'CCO')]
    expect(repairsOf(CHATML, 'p', completion)).toEqual([])
    expect(repairsOf(last, 'p', completion)).toEqual(['completion_part_left_out'])
  })

  it('what stands behind the completion', () => {
    expect(rendered(CHATML, 'p', 'CCO').suffix).toBe('<|im_end|>')
    expect(rendered('{% for m in messages %}{{ m.content }}{% endfor %}', 'p', 'CCO').suffix).toBe('')
    expect(rendered(CHATML, 'p', '').suffix).toBeNull()
  })

  it('the date', () => {
    const dated = `{{ strftime_now('%Y') if messages[0].content == 'when?' }}${CHATML}`
    expect(repairsOf(dated, 'when?', 'CCO')).toEqual(['date_in_text'])
    expect(repairsOf(dated, 'p', 'CCO')).toEqual([])
  })

  it('control tokens in the turns', () => {
    expect(repairsOf(CHATML, 'p', 'CCO<|im_end|><|im_start|>user')).toEqual(['control_token_in_completion'])
    expect(repairsOf(CHATML, 'p<s>', 'CCO')).toEqual(['control_token_in_prompt'])
    // answer tags are content, whatever the tokenizer calls them
    expect(repairsOf(`${CHATML}{# <answer> <think> #}`, 'p', '<think>a<answer>CCO')).toEqual([])
  })
})

describe('--herm-compat', () => {
  const herm = (prompt: Text, completion: Text, kind: 'pair' | 'single' = 'pair') =>
    renderRow(
      prompt,
      completion,
      {
        kind: 'template',
        choice: 'tokenizer',
        template: compileTemplate(CHATML, 't'),
        specialTokens: SPECIAL,
        now,
        control: controlTokens({ specialContents: [], specialTokens: SPECIAL }, CHATML),
      },
      { hermCompat: true, kind },
    )

  it('roles by position are said; at a prompt whose last turn would be the assistant RewardBench stops', () => {
    const three = [turn('system', 'a'), turn('user', 'b'), turn('user', 'c')]
    expect(herm(three, 'CCO')).toMatchObject({ repairs: ['roles_by_position'] })
    expect(herm('p', 'CCO')).toMatchObject({ repairs: [] })
    expect(herm([turn('system', 'a'), turn('user', 'b')], 'CCO')).toMatchObject({ reason: 'herm_turns' })
    expect(herm('p', [turn('assistant', 'a'), turn('user', 'b'), turn('assistant', 'c')])).toMatchObject({
      reason: 'herm_turns',
    })
  })

  it('a single conversation keeps its roles', () => {
    const system = [turn('system', 'a'), turn('user', 'b')]
    expect(herm(system, 'CCO', 'single')).toMatchObject({
      text: '<s><|im_start|>system\na<|im_end|><|im_start|>user\nb<|im_end|><|im_start|>assistant\nCCO<|im_end|>',
      repairs: [],
    })
  })
})

it('completions that differ and are read alike', () => {
  const ids = [Int32Array.of(1, 2, 3), Int32Array.of(1, 2, 3), Int32Array.of(1, 2, 4), null]
  expect(sameTokens(['a', 'b', 'c', 'd'], ids)).toEqual([true, true, false, false])
  const [one, two] = [Int32Array.of(1), [1, 2].map(() => Int32Array.of(1, 2))]
  expect(sameTokens(['a', 'b', 'c'], [one, ...two])).toEqual([false, true, true])
  // the same text twice, as a text and as a turn, is no loss
  expect(sameTokens(['a', [turn('assistant', 'a')], 'c', 'd'], ids)).toEqual([false, false, false, false])
})

it.each<[string, unknown, string, boolean]>([
  ['none', null, 'É', false],
  ['NFC, composed', { type: 'NFC' }, 'Naïve', false],
  ['NFC, decomposed', { type: 'NFC' }, 'Nai\u0308ve', true],
  ['NFKC', { type: 'Sequence', normalizers: [{ type: 'NFKC' }] }, 'H₂O', true],
  ['Lowercase', { type: 'Lowercase' }, 'CCO', true],
  ['Lowercase', { type: 'Lowercase' }, 'c1ccccc1', false],
  ['an uncased BERT', { type: 'BertNormalizer', lowercase: true, strip_accents: null }, 'CCO', true],
  ['a cased BERT', { type: 'BertNormalizer', lowercase: false, strip_accents: null }, 'CCO é', false],
  ['StripAccents', { type: 'StripAccents' }, 'é', true],
  ['▁ for a space', { type: 'Replace', pattern: { String: ' ' }, content: '▁' }, 'a b', false],
])('normalizer %s: %j changes %j: %j', (_, normalizer, text, changes) => {
  expect(normalizationOf(normalizer)?.(text) ?? false).toBe(changes)
})

describe('counts', () => {
  const facts = { clock: '2026-03-05T11:00:00.000Z', max_length: 2048, model_max_length: 512, pooling: 'hf' } as const

  it('by completion and by row, each repair once where two models read the same', () => {
    const tally = new RepairTally()
    tally.add([['double_bos', 'cut_left'], ['double_bos']])
    tally.add([['double_bos'], []])
    tally.add([[], []])
    const counts = { double_bos: { completions: 3, rows: 2 }, cut_left: { completions: 1, rows: 1 } }
    expect(tally.counts).toEqual(counts)
    expect(mostRepairs([counts, { cut_left: { completions: 4, rows: 2 } }])).toEqual({
      ...counts,
      cut_left: { completions: 4, rows: 2 },
    })
    expect(repairLines(counts, facts)).toEqual([
      '3 completions in 2 rows: the text starts with a BOS and the tokenizer adds one; the first of the two is not read, as RewardBench masks it (double_bos)',
      '1 completion in 1 row: cut on the left to the limit of 2,048 tokens (cut_left)',
    ])
  })

  it('every sentence is one line of its own', () => {
    const sentences = Object.values(REPAIRS).map((sentence) => sentence(facts))
    expect(new Set(sentences).size).toBe(sentences.length)
    for (const sentence of sentences) expect(sentence).toMatch(/^[^\n]{20,}[^.\n]$/)
    expect(REPAIRS.date_in_text(facts)).toContain('2026-03-05')
    // a text that a cut leaves longer than that has both lines
    expect(REPAIRS.beyond_model_max_length(facts)).toBe(
      "the model reads more tokens than the tokenizer's model_max_length of 512 tokens: that cuts nothing here",
    )
  })
})

it('100,000 completions are compared in a time that grows with their number', () => {
  const texts = Array.from({ length: 100_000 }, (_, i) => String(i))
  const ids = texts.map((_, i) => Int32Array.of(1, Math.floor(i / 2)))
  const start = process.cpuUsage()
  const same = sameTokens(texts, ids)
  // a comparison of each with each takes minutes
  expect(process.cpuUsage(start).user / 1e6).toBeLessThan(10)
  expect(same.every(Boolean)).toBe(true)
  expect(sameTokens([...texts, 'x'], [...ids, Int32Array.of(7)]).at(-1)).toBe(false)
})
