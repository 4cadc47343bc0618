import { expect, it } from 'vitest'
import { controlTokens } from '../../src/text/control.ts'
import { renderRow } from '../../src/text/render.ts'
import { compileTemplate } from '../../src/text/template.ts'
import type { Message, Text } from '../../src/types.ts'

const SOURCE =
  "{%- if messages | length > 2 %}{{ raise_exception('too many') }}{%- endif %}{{- strftime_now('%Y') }}{%- for m in messages %}[{{ m.role }}]{{ m.content }}{%- endfor %}{%- if add_generation_prompt %}[assistant]{%- endif %}"

/** A renderer that counts. */
function counting() {
  const template = compileTemplate(SOURCE, 'template')
  let renders = 0
  const renderer = {
    kind: 'template',
    choice: 'x',
    template: {
      ...template,
      render: (...args: Parameters<typeof template.render>) => {
        renders++
        return template.render(...args)
      },
    },
    specialTokens: {},
    now: new Date('2026-03-05T12:00:00'),
    control: controlTokens({ specialContents: [], specialTokens: {} }, SOURCE),
  } as const
  return { renderer, renders: () => renders }
}
const turn = (content: string): Message => ({ role: 'user', content })

it('renders the prompt of a row once, whatever its completions are', () => {
  const prompts: readonly Text[] = ['CCO?', [turn('CCO?')], [turn('CCN?')], 'CCN?']
  const { renderer, renders } = counting()
  for (const prompt of prompts)
    for (const completion of ['a', 'b', 'c']) {
      const own = renderRow(prompt, completion, counting().renderer)
      expect(renderRow(prompt, completion, renderer)).toEqual(own)
      expect(own).toMatchObject({ repairs: ['date_in_text'] })
    }
  expect(renders()).toBe(prompts.length * (3 + 1))
})

it('renders it again where the roles or the generation prompt are others', () => {
  const { renderer } = counting()
  for (const options of [{}, { hermCompat: true }, { hermCompat: true, kind: 'single' as const }, {}])
    expect(renderRow('CCO?', 'a', renderer, options)).toEqual(renderRow('CCO?', 'a', counting().renderer, options))
})

it('keeps nothing of a prompt that the template refuses', () => {
  const { renderer } = counting()
  const long = [turn('a'), turn('b'), turn('c')]
  for (const completion of ['a', 'b'])
    expect(renderRow(long, completion, renderer)).toMatchObject({ reason: 'template_error' })
  expect(renderRow('CCO?', 'a', renderer)).toMatchObject({ promptText: '2026[user]CCO?[assistant]' })
})
