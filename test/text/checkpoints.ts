import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { Message } from '../../src/types.ts'

export interface Span {
  readonly prompt_text: string
  readonly full_text: string
  readonly completion_text?: string
  readonly max_length?: number
  readonly max_prompt_length?: number
  readonly boundary_shifted?: boolean
  readonly boundary_clean?: boolean
  readonly input_ids: readonly number[]
  readonly n_prompt_tokens: number
  readonly n_completion_tokens: number
}
export interface EncodeCase {
  readonly id: string
  readonly messages: readonly Message[] | null
  readonly text: string
  readonly text_pair?: string | null
  readonly truncation?: { readonly max_length: number; readonly side: 'left' | 'right' } | null
  readonly input_ids: readonly number[]
  readonly token_type_ids?: readonly number[]
  readonly attention_mask: readonly number[]
  readonly double_bos: boolean
  readonly read_index?: number
  readonly read_index_pad_set_to_eos?: number
  readonly rewardbench?: Span
  readonly template?: Span
}
export interface Checkpoint {
  readonly kind: 'sequence-classification' | 'dpo-pair' | 'reward-head' | 'pair-head'
  readonly base: string
  readonly files: Readonly<Record<string, string>>
  readonly pad_token_id: number | null
  readonly reward_token_id: number | null
  readonly add_special_tokens: boolean
  readonly read_rule: string | null
  readonly double_bos_rule: string | null
  readonly cases: readonly EncodeCase[]
}

const data = fileURLToPath(new URL('../data/text/', import.meta.url))
export const checkpoints = JSON.parse(gunzipSync(readFileSync(join(data, 'encode.json.gz'))).toString()) as Readonly<
  Record<string, Checkpoint>
>

/** Puts a checkpoint's tokenizer files into a folder of their own. */
export function layOut(checkpoint: Checkpoint, folder: string): string {
  mkdirSync(folder, { recursive: true })
  cpSync(join(data, 'tokenizers', checkpoint.base, 'tokenizer.json'), join(folder, 'tokenizer.json'))
  for (const [name, text] of Object.entries(checkpoint.files)) writeFileSync(join(folder, name), text)
  return folder
}
