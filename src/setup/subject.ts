import { UsageError } from '../errors.ts'
import { given } from '../given.ts'
import type { ResolvedDevice } from '../model/device.ts'
import { isReadyMade } from '../model/ready-made/open.ts'
import { startReadyMade } from '../model/ready-made/session.ts'
import { turnsAs } from '../model/rope.ts'
import { type SessionOptions, startSession } from '../model/session.ts'
import { type Bounds, withinBounds } from '../score/bounds.ts'
import { stepWords } from '../score/steps.ts'
import { keepingTokens, type Prepared, type Subject } from '../score/subject.ts'
import { identityDigest, measurementKey } from '../store/key.ts'
import { comparisonEncoder } from '../text/compare.ts'
import { type Span, spanEncoder } from '../text/context.ts'
import { stripReasoning } from '../text/conversation.ts'
import { dumpEncoded } from '../text/dump.ts'
import { type DoubleBos, type EncodeOptions, type HeadOptions, headEncoder } from '../text/encode.ts'
import { HERM_MAX_LENGTH, logProbEncoder } from '../text/log-prob.ts'
import { poolingRules } from '../text/read-index.ts'
import { renderRow } from '../text/render.ts'
import { openRenderer, type Renderer } from '../text/renderer.ts'
import { sameTokens } from '../text/repairs.ts'
import { markSteps } from '../text/steps.ts'
import { stepTurns } from '../text/turns.ts'
import type { Encoded, Row, RunnerInfo, StepRule, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { compareOptions, MARKED_TEXTS } from './compare.ts'
import type { RunConfig } from './config.ts'
import { type HermRules, hermRules } from './herm.ts'
import type { LoadedModel } from './models.ts'

/** A model as a run sees it, and what the manifest keeps of its texts. */
export interface OpenSubject extends Subject {
  /** Number format that the model computes in, known before it is opened: it is part of every key. */
  readonly dtype: RunnerInfo['dtype']
  readonly text: SubjectText
  /** What to tell the user of how its texts are prepared. */
  readonly notes: readonly string[]
  /** Text and ids of a prepared completion, for a person to read. */
  dump(label: string, prepared: Prepared | Unscored): string
}

/** How texts become ids, for the manifest. */
export interface SubjectText {
  readonly chat_template: string
  readonly template_sha256: string | null
  readonly template_uses_clock: boolean
  readonly clock: string | null
  readonly max_length: number | null
  readonly model_max_length: number | null
  readonly truncation: EncodeOptions['truncation'] | 'herm'
  /** Null of a head that reads by a rule of its own, and of log-probabilities. */
  readonly pooling: RunConfig['pooling'] | null
  readonly pad_token_id: number | null
  /** Of a process head: what stands behind each step in the text (null: the separator), and what ends one in the data (null: the mark). */
  readonly steps: StepRule | null
}

/**
 * Binds a loaded model to its template, its token rules and a device; nothing is opened on the device yet.
 * @param say told what takes long when it is opened
 * @param spansOf of a policy: what is scored of a row in place of its completions, one span each; every token's log-probability is kept
 * @param special of a reward model: whether its tokenizer adds special tokens; null: as the head was trained
 */
export async function subjectOf(
  model: LoadedModel,
  config: RunConfig,
  device: ResolvedDevice,
  now: Date,
  say: (line: string) => void,
  spansOf: ((row: Row) => readonly Span[]) | null = null,
  special: boolean | null = null,
): Promise<OpenSubject> {
  const { tokenizer, opened, choice, name, hashes } = model
  const { kind, dtype } = opened
  const { quantisation } = opened.description
  const { compares } = opened.head
  const rules = textRules(model, config)
  checkPair(model, rules.chatTemplate)
  const renderer = await openRenderer(compares?.kind === 'marks' ? 'pair' : rules.chatTemplate, tokenizer, {
    id: name,
    now,
  })
  const compared = compares === undefined ? null : compareOptions(compares, config, model.maxPositions)
  const options: EncodeOptions =
    compared === null ? encodeOptions(model, config) : { ...compared, hermCompat: config.hermCompat }
  const { padTokenId } = rules
  const comparison =
    compares === undefined || compared === null ? null : comparisonEncoder(tokenizer, renderer, compares, compared)
  const encode =
    comparison !== null
      ? (row: Row) => withSameTokens(row, comparison.encode(row))
      : kind === 'head'
        ? headPreparer(model, renderer, {
            ...options,
            ...headOptions(model, config, rules),
            ...(special !== null && { addSpecialTokens: special }),
          })
        : spansOf !== null && renderer.kind === 'template'
          ? spanPreparer(model, renderer, options, spansOf)
          : logProbPreparer(model, renderer, options)
  const bounds = boundsOf(model)
  const prepare = (row: Row): (Prepared | Unscored)[] =>
    encode(row).map((ready) => {
      if (isUnscored(ready)) return ready
      const turns = isReadyMade(opened) ? 0 : turnsAs(opened.built.ropes, ready.positionStart + ready.ids.length)
      return withinBounds(turns === 0 ? ready : { ...ready, turnsAs: turns }, bounds)
    })
  const template = renderer.kind === 'template' ? renderer.template : null
  const identity = identityDigest({
    kind,
    weightsSha256: model.weightsSha256,
    dtype,
    device: device.device,
    ...(device.device !== 'cpu' && { floatProducts: device.floatProducts }),
    tokenizerSha256: tokenizer.sha256,
    templateSha256: template?.sha256 ?? null,
    truncation:
      options.truncation === 'left' || options.truncation === 'right'
        ? `${options.truncation}:${options.maxLength}`
        : 'none',
    head: kind === 'head' ? readingOf(model, config) : null,
    options: {
      hermCompat: config.hermCompat,
      reasoning: config.reasoning,
      ...(quantisation !== null && { quantisation: quantisation.scheme }),
      ...(keepsRaw(model, config) && { rawOutputs: true }),
      ...(isReadyMade(opened) && { graph: 'onnx' }),
      ...(config.stepTokens !== null && { stepTokens: stepWords(config.stepTokens).join(' ') }),
      ...(spansOf !== null && { perToken: true }),
    },
  })
  return {
    role: choice.role,
    name,
    kind,
    dtype,
    prepare,
    show(row, completion) {
      if (comparison !== null) return comparison.show(row, completion)
      const { kind } = row
      const text = config.reasoning === 'strip' ? stripReasoning(completion.text) : completion.text
      const rule = stepRule(model, config)
      const turned = rule?.turns ? stepTurns(row.prompt, text, rule) : null
      if (turned !== null && isUnscored(turned)) return ''
      const shown = turned?.completion ?? markSteps(text, rule)
      const rendered = renderRow(turned?.prompt ?? row.prompt, shown, renderer, { hermCompat: config.hermCompat, kind })
      return isUnscored(rendered) ? '' : rendered.text + (rendered.pair ?? '')
    },
    dump: (label, prepared) =>
      dumpEncoded(label, isUnscored(prepared) || kind === 'head' ? prepared : withoutReads(prepared), tokenizer),
    key: (prepared) => measurementKey(identity, prepared),
    async open({ ownThread } = { ownThread: false }) {
      const options = { ...given<Pick<SessionOptions, 'threads'>>({ threads: config.threads }), ownThread }
      const runner = await (isReadyMade(opened)
        ? startReadyMade(opened, options)
        : startSession(opened, { hashes, say, ...options, rawOutputs: keepsRaw(model, config) }))
      return spansOf === null ? runner : keepingTokens(runner)
    },
    notes: [...rules.notes, ...pairNotes(model, rules.chatTemplate)],
    text: {
      chat_template: rules.chatTemplate,
      template_sha256: template?.sha256 ?? null,
      template_uses_clock: template?.usesClock ?? false,
      clock: template?.usesClock === true ? now.toISOString() : null,
      max_length: options.maxLength,
      model_max_length: tokenizer.modelMaxLength,
      truncation: kind === 'logProb' && config.hermCompat ? 'herm' : options.truncation,
      pooling: kind === 'head' && opened.head.reads === null ? config.pooling : null,
      pad_token_id: padTokenId,
      steps: stepRule(model, config),
    },
  }
}

/** @throws UsageError where a decoder is asked to read a pair of texts */
function checkPair({ opened, name, description }: LoadedModel, chatTemplate: string): void {
  if (chatTemplate === 'pair' && opened.batching.causal)
    throw new UsageError(
      `pairs of texts are for encoders; ${name} (model_type ${description.architecture}) reads one text`,
      '--chat-template pair',
      'Name a chat template: tokenizer, a built-in name or a file.',
    )
}

/** A pair that the model could tell apart by token types, if its tokenizer gave them. */
function pairNotes({ name, tokenizer, description }: LoadedModel, chatTemplate: string): string[] {
  if (chatTemplate !== 'pair' || description.tokenTypes < 2 || tokenizer.tokenTypes) return []
  return [
    `${name} has token types, and its tokenizer${tokenizer.tokenizerClass === null ? '' : ` (${tokenizer.tokenizerClass})`} gives none: prompt and completion are both of type 0, as in transformers 5 (in 4 more classes gave types; "model_input_names" in tokenizer_config.json decides)`,
  ]
}

const boundsOf = ({ name, description, tokenizer }: LoadedModel): Bounds => ({
  name,
  vocab: description.vocabSize,
  positions: description.positionRows,
  tokenOf: (id) => tokenizer.tokens(Int32Array.of(id))[0] ?? '',
})

/** Template, pad and EOS as the flags and the checkpoint say, or, with --herm-compat, as RewardBench settles them. */
function textRules({ name, opened, tokenizer, description }: LoadedModel, config: RunConfig): HermRules {
  const { padTokenId } = description
  if (opened.head.compares?.kind === 'marks')
    return { chatTemplate: MARKED_TEXTS, padTokenId, appendEos: null, notes: [] }
  const { chatTemplate, hermCompat } = config
  return hermCompat
    ? hermRules({ name, kind: opened.kind, tokenizer, configPad: padTokenId, chatTemplate })
    : { chatTemplate, padTokenId, appendEos: null, notes: [] }
}

/** Lengths as the flags say; with --herm-compat what the flags leave open is as in HERM (log-probabilities have its own way to cut). */
function encodeOptions({ maxPositions }: LoadedModel, config: RunConfig): EncodeOptions {
  return {
    maxLength: config.maxLength ?? (config.hermCompat ? Math.min(HERM_MAX_LENGTH, maxPositions) : maxPositions),
    truncation: config.truncation ?? (config.hermCompat ? 'left' : 'skip'),
    stripReasoning: config.reasoning === 'strip',
    hermCompat: config.hermCompat,
  }
}

/** How the steps of a completion are found; null of a head that gives one number a text. */
function stepRule({ opened }: LoadedModel, { stepSeparator }: RunConfig): StepRule | null {
  const { steps } = opened.head
  return steps === undefined ? null : { ...steps, separator: stepSeparator ?? steps.separator }
}

/** Whether there are raw outputs and they are asked for: a measurement with them is another one. */
const keepsRaw = ({ opened }: LoadedModel, { rawOutputs }: RunConfig): boolean =>
  rawOutputs && (opened.head.raw ?? []).length > 0

/** How the head of a model has its texts prepared. */
function headOptions(
  model: LoadedModel,
  config: RunConfig,
  { padTokenId, appendEos }: HermRules,
): Omit<HeadOptions, keyof EncodeOptions> {
  const { opened, tokenizer } = model
  const { pooling, hermCompat } = config
  const { text, reads } = opened.head
  const facts = { padTokenId, encode: (part: string) => tokenizer.encode(part, { addSpecialTokens: false }).ids }
  return {
    ...(reads === null ? poolingRules(pooling, padTokenId) : { reads: (ids) => reads(ids, facts), other: null }),
    addSpecialTokens: text.addSpecialTokens,
    appendId: appendEos ?? text.appendId,
    appendAlways: appendEos !== null,
    doubleBos: doubleBosOf(opened, hermCompat),
    steps: stepRule(model, config),
  }
}

const doubleBosOf = ({ batching, head }: LoadedModel['opened'], hermCompat: boolean): DoubleBos => {
  if (batching.causal) return hermCompat ? head.text.hermDoubleBos : 'repair'
  return hermCompat ? 'unscored' : 'drop'
}

/** What decides which token is read, for the key of a measurement. */
const readingOf = ({ opened }: LoadedModel, { pooling }: RunConfig): string =>
  opened.head.reads === null ? pooling : opened.head.name

/** A policy reads no single token. */
function withoutReads({ reads: _, ...prepared }: Prepared): Omit<Prepared, 'reads'> {
  return prepared
}

function headPreparer(
  { tokenizer }: LoadedModel,
  renderer: Renderer,
  options: Parameters<typeof headEncoder>[2],
): (row: Row) => (Prepared | Unscored)[] {
  const encode = headEncoder(tokenizer, renderer, options)
  return (row) => withSameTokens(row, encode(row))
}

function logProbPreparer(
  { tokenizer }: LoadedModel,
  renderer: Renderer,
  options: EncodeOptions,
): (row: Row) => (Prepared | Unscored)[] {
  const encode = logProbEncoder(tokenizer, renderer, options)
  return (row) =>
    withSameTokens(row, encode(row)).map((e) =>
      isUnscored(e) ? e : { ...e, reads: Int32Array.of(e.start), poolingDiffers: false },
    )
}

/** Log-probabilities of spans, each behind its own lines. */
function spanPreparer(
  { tokenizer }: LoadedModel,
  renderer: Extract<Renderer, { kind: 'template' }>,
  options: EncodeOptions,
  spansOf: (row: Row) => readonly Span[],
): (row: Row) => (Prepared | Unscored)[] {
  const encode = spanEncoder(tokenizer, renderer, options)
  return (row) =>
    encode(row.prompt, spansOf(row), row.where).map((e) =>
      isUnscored(e) ? e : { ...e, reads: Int32Array.of(e.start), poolingDiffers: false },
    )
}

/** Marks completions of one row that differ and of which the model reads the same. */
function withSameTokens<T extends Encoded>({ completions }: Row, encoded: readonly (T | Unscored)[]): (T | Unscored)[] {
  const same = sameTokens(
    completions.map(({ text }) => text),
    encoded.map((e) => (isUnscored(e) ? null : e.ids)),
  )
  return encoded.map((e, i) => (isUnscored(e) || !same[i] ? e : { ...e, repairs: [...e.repairs, 'same_tokens'] }))
}
