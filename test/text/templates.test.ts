import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { renderChat } from '../../src/text/template.ts'
import { BUILT_IN_TEMPLATES } from '../../src/text/templates.ts'

interface Case {
  readonly name: string
  readonly system: string | null
  readonly contents: readonly string[]
  readonly add_generation_prompt: boolean
  readonly text: string
}
const { cases } = JSON.parse(readFileSync(new URL('../data/templates/fastchat.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[]
}

describe('built-in templates', () => {
  it.each(cases.map((c, i) => [i, c.name, c] as const))('case %i: %s renders as FastChat does', (_, name, expected) => {
    const turns = expected.contents.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }))
    const messages = expected.system === null ? turns : [{ role: 'system', content: expected.system }, ...turns]
    const options = { addGenerationPrompt: expected.add_generation_prompt }
    expect(renderChat(messages, BUILT_IN_TEMPLATES[name]!, options)).toBe(expected.text)
  })

  it('refuses a late system turn by name', () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'system', content: 'b' },
    ]
    expect(() => renderChat(messages, BUILT_IN_TEMPLATES.tulu!, { name: 'tulu' })).toThrow(/not system/)
  })
})
