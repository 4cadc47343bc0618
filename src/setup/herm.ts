import { ModelError } from '../errors.ts'
import type { OpenTokenizer } from '../text/tokenizer.ts'

/** What RewardBench settles by itself before it scores, for `--herm-compat`; `notes` is what to say of it on screen. */
export interface HermRules {
  /** What `--chat-template` comes to. */
  readonly chatTemplate: string
  /** The id that a head skips when it looks for the last token. */
  readonly padTokenId: number | null
  /** An EOS that stands last, whatever the text ends with; null = none. */
  readonly appendEos: number | null
  readonly notes: readonly string[]
}
export interface HermModel {
  readonly name: string
  readonly kind: 'head' | 'logProb'
  readonly tokenizer: OpenTokenizer
  /** `pad_token_id` of config.json. */
  readonly configPad: number | null
  /** What `--chat-template` says. */
  readonly chatTemplate: string
}

/** Tokenizers of transformers 4 whose `add_eos_token` can be set after they are opened. On all others RewardBench's setting does nothing. */
const SETS_EOS = /^(Llama|CodeLlama|GPTNeoX|Gemma|Cohere)Tokenizer(Fast)?$/

/**
 * RewardBench 0.1.4's rules (rewardbench.py, scripts/run_rm.py, run_dpo.py, utils.py).
 * Template: the tokenizer's own where there is one; the one named counts only where there is none, and then a classifier's texts end in EOS.
 * Pad: none in the tokenizer, then its EOS, for tokenizer and config alike, even if config.json has one; none in config.json, then the
 * tokenizer's.
 * @throws ModelError where RewardBench could not go on
 */
export function hermRules({ name, kind, tokenizer, configPad, chatTemplate }: HermModel): HermRules {
  const { padId, eosId, bosId } = tokenizer
  const own = tokenizer.chatTemplate !== null
  const notes: string[] = []
  if (own && chatTemplate !== 'tokenizer')
    notes.push(
      `--chat-template ${chatTemplate} is not used: as in RewardBench, the chat template that the tokenizer of ${name} has wins (leave --herm-compat out to choose another)`,
    )
  if (kind === 'logProb') {
    if (bosId === null && eosId !== null)
      notes.push(
        `the tokenizer of ${name} has no BOS: as in RewardBench, its EOS ${tokenizer.eosToken} stands before each prompt`,
      )
    return { chatTemplate: own ? 'tokenizer' : chatTemplate, padTokenId: eosId, appendEos: null, notes }
  }
  const padTokenId = padId === null ? eosId : (configPad ?? padId)
  if (padTokenId === null)
    throw new ModelError(
      'the tokenizer has neither a pad token nor an EOS: RewardBench cannot score with it',
      name,
      'Leave --herm-compat out, or name another tokenizer with --tokenizer.',
    )
  if (padTokenId !== configPad) {
    const [token] = tokenizer.tokens(Int32Array.of(padTokenId))
    const why = padId === null ? 'the tokenizer has none and its EOS stands in for it' : "the tokenizer's"
    notes.push(
      `as in RewardBench, the pad token is ${token} (${padTokenId}): ${why}; config.json has ${configPad ?? 'none'}`,
    )
  }
  const appendEos = !own && SETS_EOS.test(tokenizer.tokenizerClass ?? '') ? eosId : null
  if (appendEos !== null)
    notes.push(
      `as in RewardBench, every text ends in the EOS ${tokenizer.eosToken}: the tokenizer of ${name} has no chat template`,
    )
  return { chatTemplate: own ? 'tokenizer' : chatTemplate, padTokenId, appendEos, notes }
}
