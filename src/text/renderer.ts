import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { HarnessError, UsageError } from '../errors.ts'
import { readBounded } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'
import { modelText } from '../untrusted-json.ts'
import { type ControlTokens, controlTokens } from './control.ts'
import { type ChatTemplate, compileTemplate } from './template.ts'
import { BUILT_IN_TEMPLATES } from './templates.ts'
import type { OpenTokenizer } from './tokenizer.ts'

/** How rows become text: a chat template, or (`pair`) two plain texts for an encoder. */
export type Renderer =
  | {
      readonly kind: 'template'
      /** What `--chat-template` said: tokenizer, a built-in name, or the file. */
      readonly choice: string
      readonly template: ChatTemplate
      readonly specialTokens: Readonly<Record<string, string>>
      /** What strftime_now shows in this run. */
      readonly now: Date
      readonly control: ControlTokens
    }
  | { readonly kind: 'pair'; readonly choice: 'pair'; readonly control: ControlTokens }

/**
 * Opens what `--chat-template` names: `tokenizer`, `pair`, a built-in name (`raw` among them) or a file of Jinja.
 * @throws UsageError where the tokenizer has no template, or the name is neither built in nor a file
 * @throws ModelError where the template cannot be read
 */
export async function openRenderer(
  choice: string,
  tokenizer: OpenTokenizer,
  { id, now }: { readonly id: string; readonly now: Date },
): Promise<Renderer> {
  if (choice === 'pair') return { kind: 'pair', choice, control: controlTokens(tokenizer, '') }
  const of = (source: string, name: string): Renderer => ({
    kind: 'template',
    choice,
    template: compileTemplate(source, name),
    specialTokens: tokenizer.specialTokens,
    now,
    control: controlTokens(tokenizer, source),
  })
  if (choice === 'tokenizer') {
    if (tokenizer.chatTemplate !== null) return of(tokenizer.chatTemplate, `chat template of ${id}`)
    const named = Object.keys(tokenizer.chatTemplates)
    throw new UsageError(
      named.length > 0
        ? `the tokenizer of ${id} has no default chat template, only ${named.join(', ')}`
        : `the tokenizer of ${id} has no chat template`,
      '--chat-template',
      `Say which text the model was trained on: ${CHOICES}.`,
    )
  }
  if (Object.hasOwn(BUILT_IN_TEMPLATES, choice)) return of(BUILT_IN_TEMPLATES[choice]!, `built-in template ${choice}`)
  checkTemplateName(choice)
  return of(templateOf(choice), basename(choice))
}

/** A template is at most a million characters (template.ts). */
const MAX_TEMPLATE_BYTES = 4_000_000
function templateOf(path: string): string {
  try {
    return modelText(readBounded(path, MAX_TEMPLATE_BYTES), path)
  } catch (cause) {
    if (cause instanceof HarnessError) throw cause
    throw new UsageError(`"${path}" ${systemWords(cause)}`, '--chat-template', null, { cause })
  }
}

/** @throws UsageError where `--chat-template` names nothing that is there */
export function checkTemplateName(choice: string): void {
  if (choice === 'tokenizer' || choice === 'pair' || Object.hasOwn(BUILT_IN_TEMPLATES, choice) || existsSync(choice))
    return
  throw new UsageError(
    `"${choice}" is neither a built-in template nor a file`,
    '--chat-template',
    `Choices: ${CHOICES}.`,
  )
}
const CHOICES = `tokenizer, pair, ${Object.keys(BUILT_IN_TEMPLATES).join(', ')}, or a file of Jinja`
