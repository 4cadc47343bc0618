import { UsageError } from '../errors.ts'
import type { DownloadProgress } from '../hub/receive.ts'
import type { ResolvedDevice } from '../model/device.ts'
import { type LabelledRow, type RationaleRow, STEP_END, type StepRow } from '../pairs/steps.ts'
import { contextLines, type Heuristic, type Layout } from '../score/process.ts'
import type { Scorer } from '../score/scorer.ts'
import type { Prepared } from '../score/subject.ts'
import type { Span } from '../text/context.ts'
import type { Row, StepRule, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import { planOf, scorerOf } from './choices.ts'
import type { RunConfig } from './config.ts'
import { type LoadedModel, loadModels } from './models.ts'
import { type OpenSubject, subjectOf } from './subject.ts'

/**
 * What is measured of a row of steps. `candidates`: log-probabilities of each candidate behind the steps and the rationale; `rationales`: of
 * the rationale behind the steps and each candidate; `following`: of what follows a rationale, without it and with it; `rewards`: a reward model's number of each trajectory, or of every step of a labelled one.
 */
export type ChannelKind = 'candidates' | 'rationales' | 'following' | 'rewards'
export interface Channel {
  readonly kind: ChannelKind
  readonly model: LoadedModel
  readonly subject: OpenSubject
  readonly plan: ReturnType<typeof planOf>
  /** Of rewards. */
  readonly scorer: Scorer | null
}

/** Which channel a heuristic reads; null: none. */
export const CHANNEL_OF: Readonly<Record<Heuristic, ChannelKind | null>> = {
  world_model: 'candidates',
  world_model_no_length: 'candidates',
  trajectory: 'rationales',
  // its rationales are written, not measured
  trajectory_greedy: null,
  random: null,
  reward: 'rewards',
}

/** What stands behind each step in the texts of a run: a line break, or, where steps are written, what --step-separator says. */
export const stepEnd = ({ generate, stepSeparator }: Pick<RunConfig, 'generate' | 'stepSeparator'>): string =>
  (generate ? stepSeparator : null) ?? STEP_END

/** Loads the models that the heuristics ask for, in the order of config.models. */
export async function loadStepModels(
  config: RunConfig,
  device: ResolvedDevice,
  onProgress: (progress: DownloadProgress) => void,
): Promise<readonly LoadedModel[]> {
  const models: LoadedModel[] = []
  for (const choice of config.models)
    models.push(...(await loadModels({ ...config, models: [choice] }, device, onProgress)))
  for (const { name, opened } of models)
    if (opened.head.compares !== undefined)
      throw new UsageError(
        `${name} compares two answers: it has no reward of one trajectory`,
        '--heuristic reward',
        'Name a model that scores one text.',
      )
  return models
}

/** Binds the models to what the heuristics read. */
export async function openChannels(
  kinds: readonly ChannelKind[],
  models: readonly LoadedModel[],
  config: RunConfig,
  device: ResolvedDevice,
  now: Date,
  say: (line: string) => void,
): Promise<readonly Channel[]> {
  const channels: Channel[] = []
  for (const kind of kinds) {
    const role = kind === 'rewards' ? 'rm' : 'policy'
    const model = models.find(({ choice }) => choice.role === role)!
    const plan = planOf(config, [model])
    if (kind === 'rewards') {
      const subject = await subjectOf(model, config, device, now, say)
      const scorer = scorerOf(config, [model])
      channels.push({ kind, model, subject: readingSteps(subject), plan, scorer })
    } else {
      const own = SPANS[kind](config.layout)
      const end = stepEnd(config)
      const spans = (row: Row): readonly Span[] => own(row).map((span) => ({ ...span, end }))
      channels.push({
        kind,
        model,
        subject: await subjectOf(model, config, device, now, say, spans),
        plan,
        scorer: null,
      })
    }
  }
  return channels
}

const candidateSpans =
  (layout: Layout) =>
  (row: Row): readonly Span[] => {
    const { steps, rationale, candidates } = row as StepRow
    const lines = contextLines(steps, rationale, layout)
    return candidates.map((text) => ({ lines, text }))
  }

/** RATIONALYST's choice of a trajectory: how likely the rationale is behind each. */
const rationaleSpans = (row: Row): readonly Span[] => {
  const { steps, rationale, candidates } = row as StepRow
  return candidates.map((candidate) => ({ lines: [...steps, candidate], text: rationale ?? '' }))
}

/** Of a row without completions (nothing to compare) there are none. */
const followingSpans =
  (layout: Layout) =>
  (row: Row): readonly Span[] => {
    const { steps, rationale, following, completions } = row as RationaleRow
    return [steps, contextLines(steps, rationale, layout)]
      .slice(0, completions.length)
      .map((lines) => ({ lines, text: following }))
  }

const SPANS: Readonly<Record<Exclude<ChannelKind, 'rewards'>, (layout: Layout) => (row: Row) => readonly Span[]>> = {
  candidates: candidateSpans,
  rationales: () => rationaleSpans,
  following: followingSpans,
}

/** A process reward model is shown the steps as the rows have them, whatever is written in them. */
function readingSteps(subject: OpenSubject): OpenSubject {
  const rule = subject.text.steps
  if (rule === null) return subject
  return {
    ...subject,
    prepare(row) {
      const lists = stepLists(row as StepRow | LabelledRow)
      const completions = row.completions.map((completion, i) => ({ ...completion, text: stepText(lists[i]!, rule) }))
      return subject.prepare({ ...row, completions }).map((ready, i) => asMany(ready, lists[i]!.length))
    },
  }
}

/** The steps of each completion of a row. */
const stepLists = (row: StepRow | LabelledRow): readonly (readonly string[])[] =>
  row.form === 'labelled' ? [row.steps] : row.candidates.map((candidate) => [...row.steps, candidate])

function stepText(steps: readonly string[], { mark, separator, turns }: StepRule): string {
  // text/turns.ts cuts there
  if (turns !== undefined) return steps.join(separator ?? '\n\n')
  return separator === null ? steps.map((step) => `${step}${mark ?? ''}`).join('') : steps.join(separator)
}

/** A step that holds the separator or the mark, or is blank, would move every probability behind it to another step. */
function asMany(ready: Prepared | Unscored, steps: number): Prepared | Unscored {
  if (isUnscored(ready) || ready.reads.length === steps) return ready
  return {
    reason: 'step_count',
    message: `the model reads ${ready.reads.length} steps, the row has ${steps}: a step is blank, cut, or holds what ends one`,
  }
}
