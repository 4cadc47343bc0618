import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ModelError } from '../../src/errors.ts'
import { type ChatMessage, renderChat } from '../../src/text/template.ts'

interface Golden {
  readonly conversations: Readonly<Record<string, readonly ChatMessage[]>>
  readonly templates: Readonly<
    Record<
      string,
      {
        readonly chat_template: string
        readonly special_tokens: Readonly<Record<string, string>>
        readonly cases: readonly {
          readonly conversation: string
          readonly add_generation_prompt: boolean
          readonly kwargs?: Readonly<Record<string, unknown>>
          readonly text?: string
          readonly error?: { readonly type: string; readonly message: string }
        }[]
      }
    >
  >
}
const golden = JSON.parse(
  gunzipSync(readFileSync(new URL('../data/templates/golden.json.gz', import.meta.url))).toString(),
) as Golden

describe.each(Object.entries(golden.templates))('template %s', (name, { chat_template, special_tokens, cases }) => {
  it.each(cases.map((c, i) => [i, c.conversation, c] as const))('case %i: %s', (_, __, expected) => {
    const render = (): string =>
      renderChat(golden.conversations[expected.conversation]!, chat_template, {
        name,
        addGenerationPrompt: expected.add_generation_prompt,
        specialTokens: special_tokens,
        kwargs: expected.kwargs ?? {},
      })
    if (expected.error === undefined) {
      expect(render()).toBe(expected.text)
      return
    }
    let raised: unknown
    try {
      render()
    } catch (error) {
      raised = error
    }
    expect(raised).toBeInstanceOf(ModelError)
    const error = raised as ModelError
    expect(error.tag).toBe('model')
    expect(error.where.startsWith(name)).toBe(true)
    expect(error.message.endsWith(expected.error.message)).toBe(true)
  })
})
