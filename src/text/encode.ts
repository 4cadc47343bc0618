import { DataError } from '../errors.ts'
import type { Encoded, Repair, Row, StepRule, Text, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { stripReasoning } from './conversation.ts'
import type { Reads } from './read-index.ts'
import { type Rendered, renderRow, textSha256 } from './render.ts'
import type { Renderer } from './renderer.ts'
import { encodeSteps, markSteps, type SteppedIds } from './steps.ts'
import type { OpenTokenizer } from './tokenizer.ts'
import { type Frame, frameOf, type PairFrame, pairFrameOf, truncateFramed, truncatePair } from './truncate.ts'
import { answerFinder, stepTurns } from './turns.ts'
import { encodedOr } from './unencodable.ts'

/** What to do with more tokens than the model takes: leave the row out, cut a side, or stop. */
export type Truncation = 'skip' | 'left' | 'right' | 'error'

export interface EncodeOptions {
  /** Most tokens, those that transformers sees (a dropped BOS counts); null = no limit. */
  readonly maxLength: number | null
  readonly truncation: Truncation
  /** `--reasoning strip`. */
  readonly stripReasoning: boolean
  /** HERM's own preparation of texts and tokens. */
  readonly hermCompat: boolean
}
/**
 * A text that starts with the BOS that the tokenizer adds once more.
 * `repair`: the first is not read and keeps its position, as RewardBench masks it; `keep`: both count, as in RewardBench's pipelines of
 * some custom heads; `drop`, for encoders: the first is left out and positions start anew, also of two [CLS]; `unscored`, for encoders as
 * RewardBench has them: it masks the first of two BOS and the head reads there all the same, which is not computed here.
 */
export type DoubleBos = 'repair' | 'keep' | 'drop' | 'unscored'

export interface HeadOptions extends EncodeOptions {
  readonly reads: Reads
  /** The other rule of `--pooling`, to say where the two differ; null for a head with a rule of its own. */
  readonly other: Reads | null
  /** Some heads are trained on texts without the tokenizer's special tokens. Default true. */
  readonly addSpecialTokens?: boolean
  /** An id that must stand last (InternLM2's reward_token_id); appended where it does not. */
  readonly appendId?: number | null
  /** The appended id stands last even where the text ends in it already: RewardBench's EOS. Default false. */
  readonly appendAlways?: boolean
  /** What becomes of a second BOS. Default repair. */
  readonly doubleBos?: DoubleBos
  /** Of a head that reads every step. Default null. */
  readonly steps?: StepRule | null
}
/** Encoded for a reward head. `start` and the counts follow the prompt rendered with generation prompt. */
export interface HeadEncoded extends Encoded {
  /** Places in `ids` that the head reads. */
  readonly reads: Int32Array
  /** The other of hf and mask would read another token. */
  readonly poolingDiffers: boolean
}

/** A row's prompt and its completions, as text. */
export interface EncodableRow {
  readonly prompt: Text
  readonly completions: readonly { readonly text: Text }[]
  /** Of hermCompat: how roles are given. */
  readonly kind?: Row['kind']
  readonly where: string
}

/**
 * Encodes rows for a reward head: text = render(prompt + completion), ids = tokenizer(text) with special tokens, as
 * RewardBench's pipeline does. The result has one entry per completion, in order.
 * @throws DataError from `encode` under truncation `error`, where a text is too long
 */
export function headEncoder(
  tokenizer: OpenTokenizer,
  renderer: Renderer,
  options: HeadOptions,
): (row: EncodableRow) => (HeadEncoded | Unscored)[] {
  const special = options.addSpecialTokens ?? true
  const steps = options.steps ?? null
  const separator = steps?.mark === null ? steps.separator : null
  const frame = separator !== null ? bosFrame(tokenizer) : special ? frameOf(tokenizer.wrap) : NO_FRAME
  const pairFrame: PairFrame | null = renderer.kind === 'pair' ? pairFrameOf(tokenizer.wrap) : null
  const answers = steps?.turns ? answerFinder(tokenizer, renderer, steps) : null
  const wanted = options.appendId ?? null
  const always = options.appendAlways ?? false
  // A post-processor that ends in the EOS already writes it itself.
  const append = always && wanted !== null && frame.suffix.at(-1) === wanted ? null : wanted

  const clsToken = tokenizer.specialTokens.cls_token ?? ''

  const encodeOne = (
    rendered: Rendered,
    completion: Text,
    promptIds: Int32Array,
    where: string,
    turns: number,
  ): HeadEncoded | Unscored => {
    const pair = rendered.pair ?? undefined
    // transformers tests `if text_pair`: an empty second text is none
    const two = pair ? pairFrame : null
    const stepped: SteppedIds | Unscored | null =
      answers !== null
        ? answers(tokenizer.encode(rendered.text, { addSpecialTokens: special }).ids.slice(), turns)
        : separator === null
          ? null
          : encodeSteps(tokenizer, rendered, completion, separator)
    const blank = steps !== null && steps.separator !== null && isBlank(completion)
    if (stepped !== null && isUnscored(stepped)) return blank ? NO_TEXT : stepped
    const given =
      stepped ?? tokenizer.encode(rendered.text, { addSpecialTokens: special, ...(pair === undefined ? {} : { pair }) })
    const complete =
      append === null || (given.ids.at(-1) === append && !always)
        ? given
        : { ...given, ids: Int32Array.of(...given.ids, append) }
    const limit = options.maxLength ?? Number.POSITIVE_INFINITY
    const tooLong = complete.ids.length > limit
    if (tooLong && options.truncation !== 'left' && options.truncation !== 'right')
      return tooMany(complete.ids.length, limit, options.truncation, where)
    const side = options.truncation === 'left' ? 'left' : 'right'
    let kept = complete
    /** Of a pair, what is left of the prompt. */
    let firstLength = promptIds.length
    if (tooLong) {
      // Special tokens alone would be the same for every text.
      const around = two
        ? two.before + two.between + two.after
        : frame.prefix.length + frame.suffix.length + (append === null ? 0 : 1)
      if (limit <= around) return { reason: 'too_long', message: 'cut to the limit, no token of the text is left' }
      if (two) {
        const cut = truncatePair(given, two, promptIds.length, limit, side)
        kept = cut
        firstLength = cut.firstLength
      } else {
        const tail = append === null ? frame : { ...frame, suffix: Int32Array.of(...frame.suffix, append) }
        kept = { ids: truncateFramed(complete.ids, tail, limit, side), typeIds: null }
      }
    }
    if (kept.ids.length === 0) return { reason: 'empty_text', message: 'the rendered text has no tokens' }

    const seen = kept.ids
    const rule = options.doubleBos ?? 'repair'
    const doubled = hasDouble(seen, tokenizer.bosId) || (rule === 'drop' && hasDouble(seen, tokenizer.idOf(clsToken)))
    if (doubled && rule === 'unscored') return MASKED_FIRST
    const dropped = doubled && rule !== 'keep' ? 1 : 0
    const ends = frame.suffix.length > 0 || append !== null || pair !== undefined
    const ids = seen.subarray(dropped)
    const cutIds = complete.ids.length - seen.length
    const boundary = two
      ? two.before + firstLength + two.between
      : frame.prefix.length + commonPrefix(complete.ids.subarray(frame.prefix.length), promptIds)
    const shifted = side === 'left' && tooLong && !two ? Math.max(frame.prefix.length, boundary - cutIds) : boundary
    const start = Math.min(Math.max(0, shifted - dropped), ids.length)
    const lost = side === 'left' ? cutIds : 0
    const places = stepped?.places
      .map((place) => place - lost)
      .filter((place) => place >= frame.prefix.length && place < seen.length)
    const readable = rule === 'drop' ? ids : seen
    const reads = places?.length ? places : options.reads(readable)
    if (isUnscored(reads)) {
      if (tooLong) {
        const before = stepped?.places ?? options.reads(complete.ids)
        return isUnscored(before) || before.length === 0
          ? { ...reads, cut: side }
          : cutAway(side, limit, complete.ids.length, steps === null ? null : before.length)
      }
      return blank ? NO_TEXT : reads
    }
    const other = options.other?.(readable) ?? reads
    return {
      ids,
      typeIds: kept.typeIds?.subarray(dropped) ?? null,
      positionStart: rule === 'drop' ? 0 : dropped,
      start,
      promptTokens: start,
      completionTokens: ids.length - start,
      truncated: tooLong ? side : 'no',
      repairs: [
        ...(dropped > 0 ? ([rule === 'drop' ? 'double_start' : 'double_bos'] as const) : []),
        ...tokenRepairs(seen, tokenizer),
        ...(tooLong ? ([side === 'left' ? 'cut_left' : 'cut_right'] as const) : []),
        ...(ends ? [] : missingEnd(rendered, renderer)),
      ],
      textSha256: textSha256(rendered),
      reads: rule === 'drop' ? reads : reads.map((place) => Math.max(0, place - dropped)),
      poolingDiffers: isUnscored(other) || reads.some((place, i) => place !== other[i]),
    }
  }

  return (row) => {
    let promptText: string | null = null
    let promptIds = new Int32Array()
    return row.completions.map(({ text }) => {
      const completion = options.stripReasoning ? stripReasoning(text) : text
      const turned = steps?.turns ? stepTurns(row.prompt, completion, steps) : null
      if (turned !== null && isUnscored(turned)) return turned
      const shown = turned?.completion ?? markSteps(completion, steps)
      const rendered = renderRow(turned?.prompt ?? row.prompt, shown, renderer, {
        hermCompat: options.hermCompat,
        kind: row.kind,
      })
      if (isUnscored(rendered)) return rendered
      const repairs = textRepairs(text, completion, rendered, tokenizer)
      return encodedOr(
        () => {
          if (rendered.promptText !== promptText) {
            promptIds = tokenizer.encode(rendered.promptText, { addSpecialTokens: false }).ids.slice()
            promptText = rendered.promptText
          }
          const encoded = encodeOne(rendered, shown, promptIds, row.where, turned?.steps ?? 0)
          return isUnscored(encoded) ? encoded : { ...encoded, repairs: [...encoded.repairs, ...repairs] }
        },
        { ...options, where: row.where },
      )
    })
  }
}

/** @param marks of the whole text; null where the head does not read steps */
function cutAway(side: 'left' | 'right', limit: number, tokens: number, marks: number | null): Unscored {
  const what =
    marks === null
      ? 'what the head reads'
      : marks === 1
        ? 'the only step mark, so there is no step to score'
        : `all ${marks.toLocaleString('en')} step marks, so there is no step to score`
  return {
    reason: 'cut_away',
    message: `the cut on the ${side}, from ${tokens.toLocaleString('en')} to ${limit.toLocaleString('en')} tokens, took away ${what}`,
    cut: side,
  }
}

/** A completion of white space alone: no separator makes a step of it. */
const isBlank = (completion: Text): boolean =>
  typeof completion === 'string'
    ? completion.trim() === ''
    : completion.every(({ role, content }) => role !== 'assistant' || content.trim() === '')
const NO_TEXT: Unscored = {
  reason: 'no_steps',
  message: 'the completion has no text, so there is no step to score',
}

const NO_FRAME: Frame = { prefix: new Int32Array(), suffix: new Int32Array() }
const bosFrame = ({ bosId }: OpenTokenizer): Frame => ({
  ...NO_FRAME,
  prefix: Int32Array.from(bosId === null ? [] : [bosId]),
})

/** RewardBench's test: the tokenizer put a BOS before a text that starts with one. */
const hasDouble = (ids: Int32Array, first: number | null): boolean =>
  first !== null && ids.length >= 2 && ids[0] === first && ids[1] === first

const MASKED_FIRST: Unscored = {
  reason: 'herm_double_bos',
  message:
    'the text starts with a BOS and the tokenizer adds one: RewardBench masks the first, where an encoder reads its answer. That is not computed; leave --herm-compat out and the BOS counts once',
}

/** What was done to a completion before it became tokens: by `--reasoning strip`, by the template, by the normalizer. */
export function textRepairs(given: Text, shown: Text, { repairs }: Rendered, { normalizes }: OpenTokenizer): Repair[] {
  const stripped = given !== shown && plainOf(given) !== plainOf(shown)
  return [
    ...(stripped ? (['thought_stripped'] as const) : []),
    ...(repairs ?? []),
    ...(normalizes?.(plainOf(shown)) ? (['completion_normalized'] as const) : []),
  ]
}
const plainOf = (text: Text): string =>
  typeof text === 'string' ? text : text.map(({ content }) => content).join('\n')

/** What the tokens show: more than the tokenizer means to make, and ones that it does not know. */
export function tokenRepairs(seen: Int32Array, { modelMaxLength, unkId, bosId, eosId }: OpenTokenizer): Repair[] {
  // GPT-2's unknown token is its end of text, which stands there by right.
  const unknown = unkId !== null && unkId !== bosId && unkId !== eosId && seen.includes(unkId)
  return [
    ...(modelMaxLength !== null && seen.length > modelMaxLength ? (['beyond_model_max_length'] as const) : []),
    ...(unknown ? (['unknown_token'] as const) : []),
  ]
}

/** No special token stands behind the completion. */
export function missingEnd({ suffix }: Rendered, { control }: Renderer): Repair[] {
  return suffix === undefined || suffix === null || control.hasSpecial(suffix) ? [] : ['no_end_of_turn']
}

/** Length of the longest common prefix. */
export function commonPrefix(a: Int32Array, b: Int32Array): number {
  const length = Math.min(a.length, b.length)
  let i = 0
  while (i < length && a[i] === b[i]) i++
  return i
}

/** The `too_long` of a row, or, under `error`, the end of the run. */
export function tooMany(tokens: number, limit: number, truncation: Truncation, where: string): Unscored {
  const message = `${tokens.toLocaleString('en')} tokens, the limit is ${limit.toLocaleString('en')}`
  if (truncation === 'error')
    throw new DataError(message, where, 'Raise --max-length, or choose another --truncation: skip, left, right.')
  return { reason: 'too_long', message }
}
