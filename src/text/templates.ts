/**
 * Built-in chat templates for models whose tokenizer has none: HERM's names and FastChat's formats (fastchat/conversation.py
 * 0.2.36, and RewardBench's own three, rewardbench/conversation.py), written as Jinja. Turns are laid out by role; a system
 * turn may only come first. Equality with FastChat's get_prompt(): scripts/oracles/text-fastchat.py.
 */

interface FastChat {
  /** How turns are joined, in FastChat's words (SeparatorStyle). */
  readonly style:
    | 'ADD_COLON_SPACE_SINGLE'
    | 'NO_COLON_SINGLE'
    | 'ADD_NEW_LINE_SINGLE'
    | 'LLAMA2'
    | 'CHATML'
    | 'ROBIN'
    | 'ADD_COLON_TWO'
  /** What stands for the user and for the assistant. */
  readonly roles: readonly [user: string, assistant: string]
  readonly sep: string
  readonly sep2?: string
  /** System text where the conversation has none. */
  readonly system?: string
  /** Where the system text goes. */
  readonly systemTemplate?: readonly [before: string, after: string]
}

const CONVERSATIONS: Readonly<Record<string, FastChat>> = {
  tulu: { style: 'ADD_NEW_LINE_SINGLE', roles: ['<|user|>', '<|assistant|>'], sep: '\n' },
  oasst_pythia: { style: 'NO_COLON_SINGLE', roles: ['<|prompter|>', '<|assistant|>'], sep: '<|endoftext|>' },
  oasst_llama: { style: 'NO_COLON_SINGLE', roles: ['<|prompter|>', '<|assistant|>'], sep: '</s>' },
  openbmb: { style: 'NO_COLON_SINGLE', roles: ['User: ', 'Assistant: '], sep: '\n\n' },
  'pku-align': {
    style: 'ADD_COLON_SPACE_SINGLE',
    roles: ['USER', 'ASSISTANT'],
    sep: ' ',
    system: 'BEGINNING OF CONVERSATION:',
  },
  Ziya: { style: 'ADD_COLON_SPACE_SINGLE', roles: ['Human', 'Assistant'], sep: '\n\n' },
  'llama-2': {
    style: 'LLAMA2',
    roles: ['[INST]', '[/INST]'],
    sep: ' ',
    sep2: ' </s><s>',
    systemTemplate: ['[INST] <<SYS>>\n', '\n<</SYS>>\n\n'],
  },
  mistral: { style: 'LLAMA2', roles: ['[INST]', '[/INST]'], sep: ' ', sep2: '</s>', systemTemplate: ['[INST] ', '\n'] },
  'Yi-34b-chat': { style: 'CHATML', roles: ['<|im_start|>user', '<|im_start|>assistant'], sep: '<|im_end|>' },
  zephyr: { style: 'CHATML', roles: ['<|user|>', '<|assistant|>'], sep: '</s>', systemTemplate: ['<|system|>\n', ''] },
  Robin: {
    style: 'ROBIN',
    roles: ['###Human', '###Assistant'],
    sep: '\n',
    system:
      "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the human's questions.",
  },
  'vicuna_v1.1': {
    style: 'ADD_COLON_TWO',
    roles: ['USER', 'ASSISTANT'],
    sep: ' ',
    sep2: '</s>',
    system:
      "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and polite answers to the user's questions.",
  },
}

/** Text after the role's name, where a message follows and where none does, and what stands around the system text. */
const STYLES: Readonly<
  Record<
    FastChat['style'],
    {
      readonly before: string
      readonly empty: string
      readonly after: string
      readonly system: 'always' | 'given' | 'bare'
    }
  >
> = {
  ADD_COLON_SPACE_SINGLE: { before: ': ', empty: ': ', after: '', system: 'always' },
  ADD_COLON_TWO: { before: ': ', empty: ':', after: '', system: 'always' },
  ROBIN: { before: ':\n', empty: ':\n', after: '', system: 'always' },
  NO_COLON_SINGLE: { before: '', empty: '', after: '', system: 'bare' },
  ADD_NEW_LINE_SINGLE: { before: '\n', empty: '\n', after: '', system: 'given' },
  CHATML: { before: '\n', empty: '\n', after: '\n', system: 'given' },
  LLAMA2: { before: ' ', empty: '', after: '', system: 'bare' },
}

/** A string literal of Jinja. */
const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`

function jinjaOf({ style, roles, sep, sep2, system, systemTemplate }: FastChat): string {
  const { before, empty, after, system: systemStyle } = STYLES[style]
  const [open, close] = systemTemplate ?? ['', '']
  const twoSeps = sep2 !== undefined
  const llama = style === 'LLAMA2'
  const lines = [
    `{%- if messages[0].role == 'system' %}{% set system_message = messages[0].content %}{% set turns = messages[1:] %}`,
    `{%- else %}{% set system_message = ${quoted(system ?? '')} %}{% set turns = messages %}{% endif %}`,
    llama
      ? // FastChat writes the system part only where there is a system text.
        `{%- if system_message %}{{- ${quoted(open)} ~ system_message ~ ${quoted(close)} }}{% else %}{{- '[INST] ' }}{% endif %}`
      : `{%- set system_prompt = ${quoted(open)} ~ system_message ~ ${quoted(close)} %}`,
    ...(llama
      ? []
      : systemStyle === 'given'
        ? [`{%- if system_prompt %}{{- system_prompt ~ ${quoted(sep + after)} }}{% endif %}`]
        : [`{{- system_prompt${systemStyle === 'always' ? ` ~ ${quoted(sep + after)}` : ''} }}`]),
    `{%- for message in turns %}`,
    `{%- if message.role == 'user' %}{% set tag = ${quoted(roles[0])} %}{% set end = ${quoted(sep + after)} %}`,
    `{%- elif message.role == 'assistant' %}{% set tag = ${quoted(roles[1])} %}{% set end = ${quoted((twoSeps ? sep2 : sep) + after)} %}`,
    `{%- else %}{{ raise_exception('This template takes user and assistant turns, and a system turn at the start; not ' ~ message.role) }}{% endif %}`,
    llama
      ? `{%- if not message.content %}{{- tag }}{% elif loop.first %}{{- message.content ~ ' ' }}{% else %}{{- tag ~ ' ' ~ message.content ~ end }}{% endif %}`
      : `{%- if message.content %}{{- tag ~ ${quoted(before)} ~ message.content ~ end }}{% else %}{{- tag ~ ${quoted(empty)} }}{% endif %}`,
    `{%- endfor %}`,
    `{%- if add_generation_prompt %}{{- ${quoted(roles[1] + empty)} }}{% endif %}`,
  ]
  return lines.join('')
}

/** OpenAI's format, any role by its own name. */
const CHATML = `{%- for message in messages %}{{- '<|im_start|>' ~ message.role ~ '\\n' ~ message.content ~ '<|im_end|>\\n' }}{% endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}`
/** The contents one after the other, without any marks. */
const RAW = `{%- for message in messages %}{{- message.content }}{% endfor %}`

/** Jinja sources by the name that --chat-template takes. */
export const BUILT_IN_TEMPLATES: Readonly<Record<string, string>> = {
  raw: RAW,
  chatml: CHATML,
  ...Object.fromEntries(Object.entries(CONVERSATIONS).map(([name, conversation]) => [name, jinjaOf(conversation)])),
}
