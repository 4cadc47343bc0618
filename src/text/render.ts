import { createHash } from 'node:crypto'
import { TemplateFault } from '../jinja/exceptions.ts'
import type { Message, Text, Unscored } from '../types.ts'
import { alternateRoles, toMessages } from './conversation.ts'
import type { Renderer } from './renderer.ts'
import { faultMessage } from './template.ts'

/** What a model is shown for one completion. */
export interface Rendered {
  /** The whole conversation, without generation prompt; of a pair, the prompt alone. */
  readonly text: string
  /** Second text of a pair (encoders), else null. */
  readonly pair: string | null
  /** The prompt with the generation prompt: what the completion's tokens come after. */
  readonly promptText: string
}

export interface RenderRowOptions {
  /** HERM's own preparation: roles by position, the prompt without generation prompt. */
  readonly hermCompat?: boolean
}

/**
 * Renders a prompt and one completion. A template that raises on them gives an `Unscored` with reason `template_error`:
 * that is the row's trouble, not the run's.
 */
export function renderRow(
  prompt: Text,
  completion: Text,
  renderer: Renderer,
  { hermCompat = false }: RenderRowOptions = {},
): Rendered | Unscored {
  if (renderer.kind === 'pair') {
    const text = plainText(prompt)
    const pair = plainText(completion)
    if (text !== null && pair !== null) return { text, pair, promptText: text }
    return {
      reason: 'template_error',
      message: 'a pair takes a prompt of one turn and a completion of one turn; this row has more',
    }
  }
  const before = toMessages(prompt, 'user')
  const after = toMessages(completion, 'assistant')
  const given = hermCompat ? alternateRoles(before) : before
  const whole = [...given, ...after]
  const render = (messages: readonly Message[], addGenerationPrompt: boolean): string =>
    renderer.template.render(messages as readonly (Message & { readonly [key: string]: unknown })[], {
      addGenerationPrompt,
      specialTokens: renderer.specialTokens,
      now: renderer.now,
    })
  try {
    return { text: render(whole, false), pair: null, promptText: render(given, !hermCompat) }
  } catch (error) {
    if (error instanceof TemplateFault) return templateTrouble(error, renderer.template.name)
    throw error
  }
}

export const isUnscored = (value: object): value is Unscored => 'reason' in value && 'message' in value

const plainText = (text: Text): string | null =>
  typeof text === 'string' ? text : text.length === 1 ? text[0]!.content : null

const templateTrouble = (fault: TemplateFault, name: string): Unscored => ({
  reason: 'template_error',
  message: `${name}${fault.line === null ? '' : `, line ${fault.line}`}: ${faultMessage(fault)}`,
})

/** SHA-256 of what was rendered, hex; the two texts of a pair are kept apart. */
export const textSha256 = ({ text, pair }: Rendered): string =>
  createHash('sha256')
    .update(pair === null ? text : `${text}\0${pair}`)
    .digest('hex')
