import { hash } from 'node:crypto'
import { TemplateFault } from '../jinja/exceptions.ts'
import type { Message, Repair, Row, Text, Unscored } from '../types.ts'
import { alternateRoles, toMessages } from './conversation.ts'
import type { Renderer } from './renderer.ts'
import { templateLosses } from './repairs.ts'
import { faultMessage } from './template.ts'

type TemplateRenderer = Extract<Renderer, { kind: 'template' }>

/** What a model is shown for one completion. */
export interface Rendered {
  /** The whole conversation, without generation prompt; of a pair, the prompt alone. */
  readonly text: string
  /** Second text of a pair (encoders), else null. */
  readonly pair: string | null
  /** The prompt with the generation prompt: what the completion's tokens come after. */
  readonly promptText: string
  /** What the template left out or shows of its own, and control tokens in the turns. */
  readonly repairs?: readonly Repair[]
  /** What the template puts behind the completion; null where the completion does not stand in the text. */
  readonly suffix?: string | null
}

export interface RenderRowOptions {
  /** HERM's own preparation: roles by position, the prompt without generation prompt. */
  readonly hermCompat?: boolean
  /** Of hermCompat: roles of a single conversation (`messages`) stay as given. */
  readonly kind?: Row['kind'] | undefined
}

/**
 * Renders a prompt and one completion. A template that raises on them gives an `Unscored` with reason `template_error`:
 * that is the row's trouble, not the run's.
 */
export function renderRow(
  prompt: Text,
  completion: Text,
  renderer: Renderer,
  { hermCompat = false, kind }: RenderRowOptions = {},
): Rendered | Unscored {
  if (renderer.kind === 'pair') {
    const text = plainText(prompt)
    const pair = plainText(completion)
    if (text !== null && pair !== null)
      return { text, pair, promptText: text, repairs: injections(renderer, [text], [pair]) }
    return {
      reason: 'template_error',
      message: 'a pair takes a prompt of one turn and a completion of one turn; this row has more',
    }
  }
  const before = toMessages(prompt, 'user')
  const after = toMessages(completion, 'assistant')
  const trouble = hermCompat ? hermTrouble(before, after, kind) : null
  if (trouble !== null) return trouble
  const given = hermCompat && kind !== 'single' ? alternateRoles(before) : before
  const whole = [...given, ...after]
  try {
    const { text, showsDate: inWhole } = shown(renderer, whole, false)
    const { text: promptText, showsDate: inPrompt } = promptOnce(renderer, prompt, hermCompat, kind, () =>
      shown(renderer, given, !hermCompat),
    )
    const showsDate = inWhole || inPrompt
    const { repairs, suffix } = templateLosses({ prompt: given, completion: after, text, promptText })
    return {
      text,
      pair: null,
      promptText,
      suffix,
      repairs: [
        ...repairs,
        ...injections(renderer, contents(given), contents(after)),
        ...(showsDate ? (['date_in_text'] as const) : []),
        ...(given.some(({ role }, i) => role !== before[i]!.role) ? (['roles_by_position'] as const) : []),
      ],
    }
  } catch (error) {
    if (error instanceof TemplateFault) return templateTrouble(error, renderer.template.name)
    throw error
  }
}

interface Shown {
  readonly text: string
  readonly showsDate: boolean
}

/** @throws TemplateFault where the template raises on these messages */
function shown(renderer: TemplateRenderer, messages: readonly Message[], addGenerationPrompt: boolean): Shown {
  let showsDate = false
  const text = renderer.template.render(messages as readonly (Message & { readonly [key: string]: unknown })[], {
    addGenerationPrompt,
    specialTokens: renderer.specialTokens,
    now: renderer.now,
    onClock: () => {
      showsDate = true
    },
  })
  return { text, showsDate }
}

/** The prompt that was rendered last: a template is a function of its messages, and the completions of a row have the same ones before them. */
const lastPrompts = new WeakMap<
  TemplateRenderer,
  { readonly prompt: Text; readonly hermCompat: boolean; readonly kind: Row['kind'] | undefined; readonly shown: Shown }
>()
function promptOnce(
  renderer: TemplateRenderer,
  prompt: Text,
  hermCompat: boolean,
  kind: Row['kind'] | undefined,
  render: () => Shown,
): Shown {
  const last = lastPrompts.get(renderer)
  if (last !== undefined && last.prompt === prompt && last.hermCompat === hermCompat && last.kind === kind)
    return last.shown
  const shown = render()
  lastPrompts.set(renderer, { prompt, hermCompat, kind, shown })
  return shown
}

/** A conversation that is shown whole, without generation prompt. */
export function renderAlone(
  renderer: TemplateRenderer,
  messages: readonly Message[],
): { readonly text: string; readonly showsDate: boolean } | Unscored {
  try {
    return shown(renderer, messages, false)
  } catch (error) {
    if (error instanceof TemplateFault) return templateTrouble(error, renderer.template.name)
    throw error
  }
}

export const contents = (messages: readonly Message[]): string[] => messages.map(({ content }) => content)

/** Control tokens in the turns of a prompt, and in those of a completion. */
export function injections({ control }: Renderer, prompt: readonly string[], completion: readonly string[]): Repair[] {
  return [
    ...(prompt.some(control.injects) ? (['control_token_in_prompt'] as const) : []),
    ...(completion.some(control.injects) ? (['control_token_in_completion'] as const) : []),
  ]
}

/** Rows at which RewardBench stops (prepare_dialogue_from_tokenizer), or of which it takes one turn alone. */
function hermTrouble(
  before: readonly Message[],
  after: readonly Message[],
  kind: Row['kind'] | undefined,
): Unscored | null {
  if (kind === 'single') return null
  if (before.length % 2 === 0)
    return {
      reason: 'herm_turns',
      message: `RewardBench gives roles by position and stops at a prompt of ${before.length} turns: the last would be the assistant's`,
    }
  if (after.length > 1)
    return { reason: 'herm_turns', message: 'RewardBench takes a completion of one turn; this one has more' }
  return null
}

const plainText = (text: Text): string | null =>
  typeof text === 'string' ? text : text.length === 1 ? text[0]!.content : null

export const templateTrouble = (fault: TemplateFault, name: string): Unscored => ({
  reason: 'template_error',
  message: `${name}${fault.line === null ? '' : `, line ${fault.line}`}: ${faultMessage(fault)}`,
})

/** SHA-256 of what was rendered, hex; the two texts of a pair are kept apart. */
export const textSha256 = ({ text, pair }: Rendered): string =>
  hash('sha256', pair === null ? text : `${text}\0${pair}`, 'hex')
