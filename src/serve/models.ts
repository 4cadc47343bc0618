import { createHash } from 'node:crypto'
import { UsageError } from '../errors.ts'
import { deviceLine, type ResolvedDevice, resolveDevice } from '../model/device.ts'
import { floatProductsFor } from '../model/dtype.ts'
import { adapterLine } from '../setup/adapter.ts'
import { planOf, scorerOf } from '../setup/choices.ts'
import type { RunConfig } from '../setup/config.ts'
import { guarded } from '../setup/guard.ts'
import type { Identity } from '../setup/identity.ts'
import { fitPlan } from '../setup/memory.ts'
import { type LoadedModel, loadModels } from '../setup/models.ts'
import type { Given } from '../setup/option.ts'
import type { RunOption } from '../setup/options.ts'
import { type OpenSubject, subjectOf } from '../setup/subject.ts'
import { unusedWithModels } from '../setup/unused.ts'
import type { Runner } from '../types.ts'
import type { BatcherInput, Preparation } from './batcher.ts'
import type { EngineFacts } from './thread.ts'

/** The models of a server, read, with every way in which it prepares texts for them; nothing is open on the device yet. */
export interface ServedModels extends Pick<BatcherInput, 'scorer' | 'plan'> {
  readonly config: RunConfig
  readonly device: ResolvedDevice
  readonly models: readonly LoadedModel[]
  readonly subjects: Readonly<Record<Preparation, readonly OpenSubject[]>>
  /** How the model's own template frames a completion. */
  readonly frame: Frame
  open(): Promise<Runner[]>
}

/** What a rendered conversation has around its last turn, found by rendering one; null where the template shows no such thing. */
export interface Frame {
  /** Between the user's words and the assistant's. */
  readonly header: string | null
  /** What may stand behind the completion: the end of turn, the tokenizer's EOS and pad tokens. */
  readonly ends: readonly string[]
  /** The tokenizer's BOS, which a decoded text may begin with; null where it has none. */
  readonly bos: string | null
}

/** @param say told what the bins say on screen */
export async function loadServed(
  config: RunConfig,
  given: Given<RunOption>,
  say: (line: string, warning: boolean) => void,
): Promise<ServedModels> {
  const device = await resolveDevice(config.device, floatProductsFor(config.dtype))
  say(deviceLine(device), false)
  const since = Date.now()
  const models = await loadModels(config, device, () => {})
  const [first] = models
  const { name, opened } = first!
  if (opened.head.compares !== undefined)
    throw new UsageError(
      `${name} compares two answers and gives no reward of one`,
      '--model',
      'Serve a reward model; run-rm takes this one.',
    )
  const scorer = scorerOf(config, models)
  if (config.head === 'all' && first!.description.labels.length > 1)
    throw new UsageError(
      'gives no single reward',
      '--head all',
      "Name one label; /classify gives every label's output.",
    )
  for (const model of models) {
    if (model.adapter !== null) say(`${model.name}: ${adapterLine(model.adapter)}`, false)
    for (const note of model.notes) say(note, true)
  }
  for (const line of unusedWithModels(config, given, models, device)) say(line, true)
  say(`score = ${scorer.formula}`, false)
  const now = new Date()
  const info = (line: string): void => say(line, false)
  const prepare = async (chosen: RunConfig, special: boolean | null): Promise<OpenSubject[]> => {
    const subjects = []
    for (const model of models)
      subjects.push(guarded(model, await subjectOf(model, chosen, device, now, info, null, special), since))
    return subjects
  }
  const asItStands: RunConfig = { ...config, chatTemplate: 'raw' }
  const conversation = await prepare(config, null)
  for (const note of new Set(conversation.flatMap(({ notes }) => notes))) say(note, true)
  const { plan, line: planned, warnings } = await fitPlan(planOf(config, models), config, models, device, true)
  say(planned, false)
  for (const warning of warnings) say(warning, true)
  return {
    config,
    device,
    models,
    scorer,
    plan,
    subjects: { conversation, plain: await prepare(asItStands, false), special: await prepare(asItStands, true) },
    frame: frameOf(first!, conversation[0]!),
    async open() {
      const runners = []
      for (const subject of conversation) runners.push(await subject.open())
      return runners
    },
  }
}

/** Words that no template writes of itself. */
const [ASKED, ANSWERED] = ['\u2060asked\u2060', '\u2060answered\u2060']

function frameOf({ tokenizer }: LoadedModel, subject: OpenSubject): Frame {
  const completion = { role: 'completion', index: 0, text: ANSWERED } as const
  const shown = subject.show(
    {
      kind: 'group',
      id: '',
      subset: '',
      problemType: null,
      prompt: ASKED,
      completions: [completion],
      solution: null,
      where: 'template',
      extra: {},
    },
    completion,
  )
  const [asked, answered] = [shown.indexOf(ASKED), shown.lastIndexOf(ANSWERED)]
  const found = asked >= 0 && answered > asked
  const between = found ? shown.slice(asked + ASKED.length, answered) : ''
  const { eos_token: eos, pad_token: pad } = tokenizer.specialTokens
  const ends = [found ? shown.slice(answered + ANSWERED.length) : '', eos, pad]
  return {
    // a header that is white space alone stands in the text of a completion, too
    header: between.trim() === '' ? null : between,
    ends: [...new Set(ends.filter((end): end is string => end !== undefined && end !== ''))],
    bos: tokenizer.bosToken,
  }
}

/**
 * Whose folder the store is: the weights', and in place of a data set that of everything that moves an answer, so that a server that is
 * started again with the same options goes on in the same folder, and one with others never does.
 * @param answers the options of the answers beside the model's own
 */
export function servedIdentity(
  { config, models, subjects, device, scorer }: ServedModels,
  answers: Readonly<Record<string, unknown>>,
): Identity & { readonly dataSha256: string } {
  const weights = models.map(({ choice, weightsSha256 }) => ({ role: choice.role, sha256: weightsSha256 }))
  const moves = {
    weights,
    formula: scorer.formula,
    texts: subjects.conversation.map(({ dtype, text: { clock: _, ...text } }) => ({ dtype, ...text })),
    tokenizers: models.map(({ tokenizer }) => tokenizer.sha256),
    device: device.device,
    reasoning: config.reasoning,
    answers,
  }
  return { weights, dataSha256: createHash('sha256').update(JSON.stringify(moves)).digest('hex') }
}

/** What is told of the models once they are open. */
export function factsOf(
  served: ServedModels,
  runners: readonly Runner[],
  rest: Pick<EngineFacts, 'openMs' | 'warmUpMs' | 'kept'>,
): EngineFacts {
  const { models, scorer, frame, device } = served
  const kind = models[0]!.opened.kind === 'head' ? 'rm' : 'dpo'
  return {
    names: models.map(({ name }) => name),
    kind,
    formula: scorer.formula,
    labels: kind === 'rm' ? models[0]!.description.labels : [],
    perStep: scorer.perStep === true,
    columns: scorer.columns,
    frame,
    device: device.device,
    dtype: runners[0]!.info.dtype,
    ...rest,
  }
}
