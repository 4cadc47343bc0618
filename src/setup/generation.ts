import { createHash } from 'node:crypto'
import type { GenerationBudget, GenerationOptions } from '../generate/generate.ts'
import { given } from '../given.ts'
import { startDecoder } from '../model/decoder.ts'
import type { ResolvedDevice } from '../model/device.ts'
import type { OpenSessionOptions } from '../model/ort-session.ts'
import { isReadyMade } from '../model/ready-made/open.ts'
import { withinBounds } from '../score/bounds.ts'
import { type EncodedPrompt, endOfTurn, promptEncoder } from '../text/continuation.ts'
import { openRenderer } from '../text/renderer.ts'
import type { Decoder, Text, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import type { RunConfig } from './config.ts'
import { type EosIds, eosIdsOf } from './eos.ts'
import type { LoadedModel } from './models.ts'
import { GENERATED_ROWS } from './options.ts'

/** A model as it continues prompts. */
export interface OpenGeneration {
  readonly options: Omit<GenerationOptions, 'budget'>
  readonly eos: EosIds
  /** What the completions depend on besides the prompts: as one line, for resume. */
  readonly header: string
  readonly text: {
    readonly chat_template: string
    readonly template_sha256: string | null
    readonly template_uses_clock: boolean
    readonly clock: string | null
  }
  /** What to tell the user of. */
  readonly notes: readonly string[]
  encode(prompt: Text): EncodedPrompt | Unscored
  /** How much is computed side by side. @param bytesPerToken of one text's cache */
  budget(bytesPerToken: number): GenerationBudget
  open(): Promise<Decoder>
}

/** Bytes of keys and values that are held unless --batch-tokens says otherwise. */
const CACHE_BYTES = 2 ** 30
/** Tokens of prompts that are computed at once: as many as a batch of scored texts has (score/plan.ts). */
const PROMPT_TOKENS = 1024

/**
 * Binds a loaded model to its template, the tokens that end a text and the options of generation.
 * @param say told what takes long when it is opened
 */
export async function openGeneration(
  model: LoadedModel,
  config: RunConfig,
  { device }: ResolvedDevice,
  now: Date,
  say: (line: string) => void,
): Promise<OpenGeneration> {
  const { opened, tokenizer, name, description, hashes } = model
  if (isReadyMade(opened)) throw new RangeError('models.ts refuses ready-made exports')
  const renderer = await openRenderer(config.chatTemplate, tokenizer, { id: name, now })
  const encode = promptEncoder(tokenizer, renderer)
  const eos = eosIdsOf(model)
  const { n, temperature, topP, maxNewTokens, stop, seed } = config
  const bounds = {
    name,
    vocab: description.vocabSize,
    // how long a text may be is generate.ts' to say
    positions: null,
    tokenOf: (id: number) => tokenizer.tokens(Int32Array.of(id))[0] ?? '',
  }
  const template = renderer.kind === 'template' ? renderer.template : null
  const drawn = temperature > 0 ? { topP, seed } : {}
  const header = {
    weights_sha256: model.weightsSha256,
    tokenizer_sha256: tokenizer.sha256,
    template_sha256: template?.sha256 ?? null,
    device,
    dtype: opened.dtype,
    quantisation: description.quantisation?.scheme ?? null,
    generation: { n, temperature, ...drawn, maxNewTokens, stop, eos: eos.ids },
  }
  return {
    options: {
      n,
      temperature,
      topP,
      maxNewTokens,
      stop,
      seed,
      eosIds: new Set(eos.ids),
      decode: tokenizer.decode,
      maxPositions: model.maxPositions,
    },
    eos,
    header: JSON.stringify({ sha256: createHash('sha256').update(JSON.stringify(header)).digest('hex'), ...header }),
    text: {
      chat_template: config.chatTemplate,
      template_sha256: template?.sha256 ?? null,
      template_uses_clock: template?.usesClock ?? false,
      clock: template?.usesClock === true ? now.toISOString() : null,
    },
    notes: eosNotes(eos, config, endOfTurn(tokenizer, renderer), temperature),
    encode(prompt) {
      const encoded = encode(prompt)
      if (isUnscored(encoded)) return encoded
      const checked = withinBounds({ ...encoded, positionStart: 0 }, bounds)
      return isUnscored(checked) ? checked : encoded
    },
    budget(bytesPerToken) {
      const tokens = config.batchTokens ?? Math.max(1, Math.floor(CACHE_BYTES / bytesPerToken))
      return { rows: config.batchSize ?? GENERATED_ROWS, tokens, promptTokens: Math.min(PROMPT_TOKENS, tokens) }
    },
    open: () =>
      startDecoder(opened, { hashes, say, ...given<Pick<OpenSessionOptions, 'threads'>>({ threads: config.threads }) }),
  }
}

/** What ends a completion, and what one might think does. */
function eosNotes(
  { ids, from, recommended, unmet }: EosIds,
  { stop, maxNewTokens }: RunConfig,
  end: ReturnType<typeof endOfTurn>,
  temperature: number,
): string[] {
  const notes: string[] = []
  if (ids.length === 0)
    notes.push(
      `neither generation_config.json, config.json nor the tokenizer names a token that ends a text: completions end at ${stop.length > 0 ? '--stop or ' : ''}--max-new-tokens ${maxNewTokens}`,
    )
  if (end !== null && !end.ids.some((id) => ids.includes(id)) && !stop.some((text) => end.text.includes(text)))
    notes.push(
      `the chat template ends the assistant's turn with ${JSON.stringify(end.text)}, in which there is no token that ends a text${from === null ? '' : ` (${from})`}: completions may go on behind it; --stop ends them there`,
    )
  if (recommended !== null && temperature === 0)
    notes.push(
      `generation_config.json recommends sampling (${recommended}), which is not taken over: decoding is greedy`,
    )
  if (unmet !== null)
    notes.push(
      `generation_config.json also asks for ${unmet}, which is not done: transformers' generate would complete otherwise`,
    )
  return notes
}
