import { createHash } from 'node:crypto'
import { ModelError } from '../errors.ts'
import { checkOptions } from '../given.ts'
import { fromJs, readTemplate, render } from '../jinja/environment.ts'
import { TemplateFault } from '../jinja/exceptions.ts'
import type { Value } from '../python/values.ts'
import type { Message } from '../types.ts'
import { grownLimit } from './growth.ts'
import { Recurrence } from './recurrence.ts'

/** Longest template source; the longest on the hub are near 20,000 characters. */
const MAX_TEMPLATE_CHARS = 1_000_000

/** A turn as templates take it: role, content, and whatever else a data set carries (thought, tool_calls …). */
export type ChatMessage = (Message | { readonly role: string; readonly content: unknown }) & {
  readonly [key: string]: unknown
}

export interface RenderChatOptions {
  /** Ends the text with the header of the assistant's next turn. Default false. */
  readonly addGenerationPrompt?: boolean
  /** bos_token, eos_token …, as the tokenizer names them. */
  readonly specialTokens?: Readonly<Record<string, string>>
  /** JSON schemas of tools; null, as in transformers, where none are given. */
  readonly tools?: readonly unknown[] | null
  readonly documents?: readonly unknown[] | null
  /** Further variables of the template (enable_thinking, date_string …). */
  readonly kwargs?: Readonly<Record<string, unknown>>
  /** What strftime_now shows; default the current time. A run that must repeat passes it. */
  readonly now?: Date
  /** Called where the template asks for the date. */
  readonly onClock?: () => void
  /** Name of the template for messages. */
  readonly name?: string
}

/** A chat template that was read once and renders many conversations. */
export interface ChatTemplate {
  readonly name: string
  readonly source: string
  /** SHA-256 of the source, hex. */
  readonly sha256: string
  /** The template calls strftime_now: its text depends on the day. */
  readonly usesClock: boolean
  /**
   * @throws TemplateFault where the template raises on these messages
   * @throws ModelError where it runs over its limits again and again
   */
  render(messages: readonly ChatMessage[], options?: RenderChatOptions): string
}

/**
 * Reads a chat template.
 * @param name how messages call it, e.g. `chat template of org/model`
 * @throws ModelError where it is not valid, or needs what we do not support
 */
export function compileTemplate(source: string, name: string): ChatTemplate {
  if (source.length > MAX_TEMPLATE_CHARS)
    throw new ModelError(
      `the template has ${source.length.toLocaleString('en')} characters, the limit is ${MAX_TEMPLATE_CHARS.toLocaleString('en')}`,
      name,
    )
  try {
    const { tree, usesClock } = readTemplate(source)
    const recurrence = new Recurrence()
    const rendered: ChatTemplate['render'] = (messages, options = {}) =>
      notGrown(
        render(tree, {
          variables: variablesOf(messages, options),
          now: options.now ?? new Date(),
          ...(options.onClock && { onClock: options.onClock }),
        }),
        messages,
      )
    return {
      name,
      source,
      sha256: createHash('sha256').update(source).digest('hex'),
      usesClock,
      render(messages, options) {
        recurrence.begin()
        try {
          return rendered(messages, options)
        } catch (error) {
          if (!(error instanceof TemplateFault) || error.pyType !== 'Limit') throw error
          // a conversation longer than any model reads is a fault of its own row
          if (charactersOf(messages) > LONG_CHARS || !recurrence.fail()) throw error
          throw new ModelError(`${faultMessage(error)}; it ran over its limits ${recurrence.said}`, name, HINTS.limit, {
            cause: error,
          })
        }
      },
    }
  } catch (error) {
    throw error instanceof TemplateFault ? templateError(error, name) : error
  }
}

/** Characters from which on a text may take more steps than any template has. */
const LONG_CHARS = 1_000_000
const charactersOf = (messages: readonly ChatMessage[]): number =>
  messages.reduce(
    (sum, { content }) => sum + (typeof content === 'string' ? content.length : JSON.stringify(content ?? '').length),
    0,
  )

/** The text, where it is not far longer than the conversation: it is tokenized next, which takes time and memory with its length. */
function notGrown(text: string, messages: readonly ChatMessage[]): string {
  if (text.length <= grownLimit(0)) return text
  const given = charactersOf(messages)
  const limit = grownLimit(given)
  if (text.length <= limit) return text
  throw new TemplateFault(
    'limit',
    'Limit',
    `the template makes ${text.length.toLocaleString('en')} characters of a conversation of ${given.toLocaleString('en')}, at most ${limit.toLocaleString('en')} are taken`,
  )
}

/** What transformers gives a template: special tokens first, so that a variable of that name wins. */
function variablesOf(messages: readonly ChatMessage[], options: RenderChatOptions): ReadonlyMap<string, Value> {
  if (messages.length === 0)
    throw new TemplateFault(
      'runtime',
      'ValueError',
      'Cannot apply chat template to an empty conversation. Provide at least one message.',
    )
  const { specialTokens = {}, tools = null, documents = null, addGenerationPrompt = false, kwargs = {} } = options
  const variables = new Map<string, Value>()
  // set one by one: an object made of all of them anew for each text takes longer than a short template
  for (const [name, token] of Object.entries(specialTokens)) variables.set(name, token)
  variables.set('messages', fromJs(messages))
  variables.set('tools', fromJs(tools))
  variables.set('documents', fromJs(documents))
  variables.set('add_generation_prompt', addGenerationPrompt)
  for (const [name, value] of Object.entries(kwargs)) variables.set(name, fromJs(value))
  return variables
}

/**
 * transformers' `apply_chat_template(messages, tokenize=False)` with Jinja2 3.1's meaning of the template.
 * @throws ModelError naming the template, its line and its message, where it cannot be read or raises
 * @example renderChat([{ role: 'user', content: 'CCO?' }], template, { addGenerationPrompt: true })
 */
export function renderChat(
  messages: readonly ChatMessage[],
  template: string | ChatTemplate,
  options: RenderChatOptions = {},
): string {
  checkOptions('renderChat', options, {
    addGenerationPrompt: true,
    specialTokens: true,
    tools: true,
    documents: true,
    kwargs: true,
    now: true,
    onClock: true,
    name: true,
  })
  const compiled = typeof template === 'string' ? compileTemplate(template, options.name ?? 'chat template') : template
  try {
    return compiled.render(messages, options)
  } catch (error) {
    throw error instanceof TemplateFault ? templateError(error, compiled.name) : error
  }
}

const HINTS: Readonly<Record<TemplateFault['kind'], string>> = {
  syntax: 'Jinja2 would not read this template either. Choose another with --chat-template.',
  runtime: 'The template fails on this conversation. Choose another with --chat-template.',
  raised: "The template's author refuses this conversation. Change its roles, or choose another with --chat-template.",
  unsupported:
    'Rather than render another text than transformers would, the template is refused; --chat-template takes another.',
  limit: 'Templates run under limits, because they come from other people.',
}
export function templateError(fault: TemplateFault, name: string): ModelError {
  const where = fault.line === null ? name : `${name}, line ${fault.line}`
  return new ModelError(faultMessage(fault), where, HINTS[fault.kind], { cause: fault })
}
/** The message of a fault, with Python's exception where the template did not raise it itself. */
export const faultMessage = (fault: TemplateFault): string =>
  fault.kind === 'raised' ? fault.message : `${fault.pyType}: ${fault.message}`
