import { readdirSync } from 'node:fs'
import { Template } from '@huggingface/jinja'
import { AutoTokenizer, env } from '@huggingface/transformers'
import { describe, expect, it } from 'vitest'
import { renderChat } from '../../src/text/template.ts'
import { openTokenizer } from '../../src/text/tokenizer.ts'

// transformers.js is what a JavaScript user would reach for. Our tokenizer is its engine, opened without its 170 ms import; where
// both read a checkpoint of the first families, they must agree. Our templates are a port of Jinja2, because the library's engine
// changes texts silently: those faults are kept here as tests that pass while they last. When one heals, it is time to look again.

const folder = 'test/data/parity'
const checkpoints = readdirSync(folder, { withFileTypes: true }).filter(
  (d) => d.isDirectory() && !d.name.startsWith('dpo-'),
)
const TEXTS = [
  'CC(=O)Oc1ccccc1C(=O)O',
  ' What is C9H8O4?\n\n',
  '<|answer_start|>[Na+].[Cl-]<|answer_end|>',
  'naïve Δ 反応 🧪',
]

describe('tokenizers of transformers.js', () => {
  it.each(checkpoints.map((d) => d.name))('give our ids for %s', async (name) => {
    env.allowRemoteModels = false
    env.localModelPath = `${process.cwd()}/${folder}`
    const theirs = await AutoTokenizer.from_pretrained(name, { local_files_only: true })
    const ours = await openTokenizer(`${folder}/${name}`, { id: name })
    for (const text of TEXTS)
      expect([...ours.encode(text, { addSpecialTokens: true }).ids]).toEqual(
        theirs.encode(text, { add_special_tokens: true }),
      )
  })
})

describe("faults of @huggingface/jinja, against Jinja2's own meaning", () => {
  it.each([
    ["an empty string is not false: '' != false", "{{ '' != false }}", 'True'],
    ['lstrip takes its argument', "{{ '\n x'.lstrip('\n') }}", ' x'],
    ['the format filter exists', "{{ '%s-%s' | format('a', 'b') }}", 'a-b'],
  ])('%s', (_, template, meant) => {
    const messages = [{ role: 'user', content: 'x' }]
    expect(renderChat(messages, template)).toBe(meant)
    const theirs = (): string => new Template(template).render({ messages })
    let text: string | null
    try {
      text = theirs()
    } catch {
      text = null
    }
    expect(text).not.toBe(meant)
  })
})
