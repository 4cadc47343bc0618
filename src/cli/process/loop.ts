import { createHash } from 'node:crypto'
import { InterruptedError } from '../../errors.ts'
import {
  type FinishReason,
  type GeneratedCompletion,
  type GenerationCount,
  generate,
  noTokens,
} from '../../generate/generate.ts'
import { isFailure } from '../../pairs/failure.ts'
import type { StepRow } from '../../pairs/steps.ts'
import { textTable } from '../../report/table.ts'
import { measure } from '../../score/measure.ts'
import { planBatches } from '../../score/plan.ts'
import { choose, draw, type Heuristic, heuristicScore, RATIONALE_TOKENS, stepLogProb } from '../../score/process.ts'
import { readRecord } from '../../setup/identity.ts'
import { CHANNEL_OF, type Channel, stepEnd } from '../../setup/step-channels.ts'
import type { StepGeneration } from '../../setup/step-generation.ts'
import { CompletionsFile, rowKey, TRAJECTORIES_FILE } from '../../store/completions.ts'
import type { Decoder, Row, RowFailure, Runner, Sequence, Unscored } from '../../types.ts'
import { isUnscored } from '../../unscored.ts'
import { printText } from '../screen.ts'
import { finishProcess } from './finish.ts'
import type { ProcessRun } from './run.ts'

/** Reasonings that are written side by side. */
const WINDOW = 64
/** What ends an answer. */
const ANSWER_ENDS = ['<|answer_end|>', '</answer>'] as const

/** Why a reasoning ended: the model ended it, an answer was given, the steps were used up, no position was left for one more. */
type Ending = 'stop' | 'answer' | 'max_steps' | 'length'

/** A step as it was chosen. */
interface ChosenStep {
  readonly candidates: readonly string[]
  /** Why each ends: `stop_string` at the end of a step. */
  readonly finish_reasons: readonly FinishReason[]
  /** In the order of the candidates; null of a draw. */
  readonly scores: readonly (number | null)[]
  readonly chosen: number
  readonly margin: number | null
  readonly rationale: string | null
}
/** A reasoning under way. */
interface State {
  readonly row: Row
  readonly steps: string[]
  readonly choices: ChosenStep[]
  ending: Ending | null
  failure: Unscored | null
}

/** What a run of the loop has opened. */
interface Engine {
  readonly run: ProcessRun
  readonly steps: StepGeneration
  readonly decoder: Decoder
  readonly heuristic: Heuristic
  /** What scores the candidates; null of a draw. */
  readonly scorer: { readonly channel: Channel; readonly runner: Runner } | null
  readonly count: GenerationCount
}

/**
 * RATIONALYST's loop (model_inference/evaluation_scripts): the model proposes --n next steps at --temperature, writes a rationale greedily where
 * the heuristic reads one, the heuristic chooses, the step is appended; until the model ends, an answer is given or --max-steps are there.
 * Writes trajectories.jsonl, group rows with one completion each. A row is kept when it is complete. Returns the exit code.
 */
export async function writeReasonings(run: ProcessRun, steps: StepGeneration): Promise<number> {
  const { config, folder, log, interrupt, inspection, channels } = run
  const [heuristic] = config.heuristic as readonly [Heuristic]
  const header = headerOf(run, steps)
  const earlier = readRecord(folder, 'run.json') as { readonly steps?: { readonly header?: unknown } } | null
  const { file, found } = await CompletionsFile.open(folder, header, {
    finished: JSON.stringify(earlier?.steps?.header) === header,
    resume: config.resume,
    name: TRAJECTORIES_FILE,
  })
  const count = noTokens()
  try {
    if (found.forgotten !== null) log.warn('reasonings of an unfinished run with other options are forgotten')
    if (found.damaged > 0) log.warn(`${found.damaged} lines of an unfinished run could not be read: made anew`)
    const failures: RowFailure[] = []
    const [channel] = channels
    const decoder = await steps.generation.open()
    const runner = channel === undefined ? null : await channel.subject.open()
    const bar = log.progress('reasoning', inspection.rows, 'rows')
    let [done, before] = [0, 0]
    const endings: Record<Ending, number> = { stop: 0, answer: 0, max_steps: 0, length: 0 }
    try {
      const scorer = channel === undefined || runner === null ? null : { channel, runner }
      const engine: Engine = { run, steps, decoder, heuristic, scorer, count }
      for await (const window of windowsOf(run, steps, file, () => bar.update(++done, ++before))) {
        for (const state of await reason(engine, window)) {
          if (state.failure !== null) failures.push(failureOf(state.row, state.failure))
          else file.append(keyOf(state.row, steps)!, rowOf(state, steps, stepEnd(config)))
          bar.update(++done, before)
        }
        if (interrupt.stopped()) break
      }
      if (interrupt.stopped())
        throw new InterruptedError(
          'interrupted',
          folder,
          'Reasonings that are complete are kept; run it again to go on.',
        )
    } finally {
      bar.stop()
      await runner?.release()
      await decoder.release()
    }
    interrupt.dispose()
    const code = await finishProcess(run, [], null, async () => {
      let [rows, length] = [0, 0]
      await file.finish(keysOf(run, steps), (line) => {
        const { completions } = JSON.parse(line.toString('utf8')) as {
          completions: { finish_reason: Ending; steps: unknown[] }[]
        }
        const [{ finish_reason: ending, steps: own }] = completions as [(typeof completions)[number]]
        rows++
        endings[ending]++
        length += own.length
      })
      return {
        failures,
        columns: {},
        statistics: [],
        tests: [],
        summary: { reasonings: { rows, steps: length, endings } },
        table: textTable(
          ['reasonings', 'steps each', 'ended by the model', 'by an answer', 'by --max-steps', 'by length'],
          [
            [
              String(rows),
              rows === 0 ? '–' : (length / rows).toFixed(1),
              String(endings.stop),
              String(endings.answer),
              String(endings.max_steps),
              String(endings.length),
            ],
          ],
        ),
        notes: [],
        record: {
          header: JSON.parse(header) as unknown,
          heuristic,
          new_tokens: count.newTokens,
          prompt_tokens_computed: count.promptTokens,
          file: TRAJECTORIES_FILE,
        },
      }
    })
    file.forget()
    return code
  } finally {
    file.close()
  }
}

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What the reasonings depend on besides the prompts. */
function headerOf({ config, models, channels }: ProcessRun, { generation }: StepGeneration): string {
  const { n, temperature, topP, maxNewTokens, maxSteps, seed, heuristic, layout } = config
  const facts = {
    model: JSON.parse(generation.header) as unknown,
    scorers: models.map(({ weightsSha256 }) => weightsSha256),
    loop: {
      n,
      temperature,
      topP,
      maxNewTokens,
      maxSteps,
      seed,
      heuristic,
      layout,
      end: stepEnd(config),
      rationaleTokens: RATIONALE_TOKENS,
    },
    aggregate: channels[0]?.scorer?.formula ?? null,
  }
  const sha256 = createHash('sha256').update(JSON.stringify(facts)).digest('hex')
  return JSON.stringify({ sha256, ...facts })
}

function promptHash(row: Row, { encode }: StepGeneration): { readonly tokens: number; readonly sha256: string } | null {
  const encoded = encode(row.prompt, [])
  if (isUnscored(encoded)) return null
  return { tokens: encoded.ids.length, sha256: createHash('sha256').update(encoded.ids.join(' ')).digest('hex') }
}
function keyOf(row: Row, steps: StepGeneration): ReturnType<typeof rowKey> | null {
  const hash = promptHash(row, steps)
  return hash === null ? null : rowKey({ id: row.id, prompt: row.prompt, promptIdsSha256: hash.sha256 })
}

/** Rows that are not complete, some at a time. */
async function* windowsOf(
  { rows }: ProcessRun,
  steps: StepGeneration,
  file: CompletionsFile,
  onFound: () => void,
): AsyncGenerator<Row[]> {
  let window: Row[] = []
  for await (const row of rows() as AsyncIterable<Row | RowFailure>) {
    if (isFailure(row)) continue
    const key = keyOf(row, steps)
    if (key !== null && file.has(key)) onFound()
    else window.push(row)
    if (window.length === WINDOW) {
      yield window
      window = []
    }
  }
  if (window.length > 0) yield window
}

async function* keysOf({ rows }: ProcessRun, steps: StepGeneration): AsyncGenerator<ReturnType<typeof rowKey>> {
  for await (const row of rows() as AsyncIterable<Row | RowFailure>) {
    const key = isFailure(row) ? null : keyOf(row, steps)
    if (key !== null) yield key
  }
}

/** A group row of one completion, which the other commands read. */
function rowOf(
  { row, steps, choices, ending }: State,
  generation: StepGeneration,
  end: string,
): Record<string, unknown> {
  const hash = promptHash(row, generation)!
  return {
    id: row.id,
    subset: row.subset,
    ...(row.problemType !== null && { problem_type: row.problemType }),
    prompt: row.prompt,
    ...(row.solution !== null && { solution: row.solution }),
    prompt_tokens: hash.tokens,
    prompt_ids_sha256: hash.sha256,
    completions: [{ completion: steps.join(end), finish_reason: ending, steps: choices }],
  }
}

const failureOf = ({ where, id }: Row, { reason, message }: Unscored): RowFailure => ({
  where,
  id,
  reason,
  message,
  hint: reason === 'too_long' ? 'a smaller --max-new-tokens makes shorter steps' : null,
})

// ── the loop ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Writes the reasonings of some rows, all of them a step at a time. */
async function reason(engine: Engine, rows: readonly Row[]): Promise<readonly State[]> {
  const states = rows.map((row): State => ({ row, steps: [], choices: [], ending: null, failure: null }))
  const { maxSteps } = engine.run.config
  for (let step = 0; step < maxSteps; step++) {
    const live = states.filter(({ ending, failure }) => ending === null && failure === null)
    if (live.length === 0 || engine.run.interrupt.stopped()) break
    await takeStep(engine, live, step)
  }
  const whole = states.filter(({ ending, failure }) => ending !== null || failure !== null)
  if (engine.run.interrupt.stopped()) return whole
  for (const state of states) if (state.ending === null && state.failure === null) state.ending = 'max_steps'
  return states
}

interface Proposal {
  readonly text: string
  readonly finish: FinishReason
}

/** One more step of every reasoning. */
async function takeStep(engine: Engine, live: readonly State[], step: number): Promise<void> {
  const { n, temperature, topP, maxNewTokens, seed } = engine.run.config
  const drawn = await continued(engine, live, `step ${step}`, {
    n,
    temperature,
    topP,
    maxNewTokens,
  })
  const going: { readonly state: State; readonly proposals: readonly Proposal[] }[] = []
  live.forEach((state, i) => {
    const completions = drawn[i]
    if (completions === undefined) return
    const proposals = distinct(completions)
    // the model has nothing more to say
    if (proposals.length === 0) state.ending = 'stop'
    else going.push({ state, proposals })
  })
  const { heuristic, scorer } = engine
  const reads = CHANNEL_OF[heuristic]
  const wantsRationale = reads === 'rationales' || (reads === 'candidates' && engine.run.config.layout !== 'none')
  const rationales = wantsRationale
    ? (
        await continued(
          engine,
          going.map(({ state }) => state),
          `rationale ${step}`,
          {
            n: 1,
            temperature: 0,
            topP: 1,
            maxNewTokens: RATIONALE_TOKENS,
          },
        )
      ).map((completions) => completions?.[0]?.text ?? null)
    : going.map(() => null)
  // a rationale that was not finished is not one that is empty: the step is taken again when the run goes on
  if (wantsRationale && engine.run.interrupt.stopped()) return
  const asked = going.map(
    ({ state, proposals }, i): StepRow => stepRow(state, proposals, rationales[i]!, stepEnd(engine.run.config)),
  )
  const scores = scorer === null ? asked.map(() => null) : await scoresOf(heuristic, scorer, asked)
  going.forEach(({ state, proposals }, i) => {
    if (state.failure !== null || state.ending !== null) return
    const own = scores[i]
    const lost = own?.find((one) => typeof one !== 'number')
    if (lost !== undefined && typeof lost !== 'number') {
      lose(state, lost)
      return
    }
    const known = (own ?? null) as readonly number[] | null
    const choice = known === null ? draw(seed, `${state.row.id} ${step}`, proposals.length) : choose(known)
    const { index, margin } = choice!
    const { text, finish } = proposals[index]!
    state.steps.push(text)
    state.choices.push({
      candidates: proposals.map((one) => one.text),
      finish_reasons: proposals.map((one) => one.finish),
      scores: known ?? proposals.map(() => null),
      chosen: index,
      margin,
      rationale: asked[i]!.rationale,
    })
    if (ANSWER_ENDS.some((end) => text.includes(end))) state.ending = 'answer'
    else if (finish === 'stop') state.ending = 'stop'
  })
}

/** Texts behind the steps so far, up to the end of a line; undefined where there are none, with the state's reason. */
async function continued(
  { run, steps, decoder, count }: Engine,
  states: readonly State[],
  name: string,
  own: { readonly n: number; readonly temperature: number; readonly topP: number; readonly maxNewTokens: number },
): Promise<(readonly GeneratedCompletion[] | undefined)[]> {
  const found: (readonly GeneratedCompletion[] | undefined)[] = states.map(() => undefined)
  const prompts = states.flatMap((state, index) => {
    const encoded = steps.encode(state.row.prompt, state.steps)
    if (!isUnscored(encoded)) return [{ id: `${state.row.id}\0${name}`, ids: encoded.ids, index }]
    lose(state, encoded)
    return []
  })
  const options = {
    ...steps.options({ ...own, stop: [stepEnd(run.config)] }),
    budget: steps.generation.budget(decoder.bytesPerToken),
  }
  for await (const one of generate(decoder, prompts, options, { stopped: run.interrupt.stopped, count })) {
    if ('unscored' in one) lose(states[one.prompt.index]!, one.unscored)
    else found[one.prompt.index] = one.completions
  }
  return found
}

/** No further step can be read: a reasoning that has some ends there, one that has none is not written. */
function lose(state: State, why: Unscored): void {
  if (why.reason === 'too_long' && state.steps.length > 0) state.ending = 'length'
  else state.failure = why
}

/** Proposals that say something, each once, in the order in which they came. */
function distinct(completions: readonly GeneratedCompletion[]): Proposal[] {
  const seen = new Map<string, Proposal>()
  for (const { text, finishReason } of completions)
    if (text.trim() !== '' && !seen.has(text)) seen.set(text, { text, finish: finishReason })
  return [...seen.values()]
}

const stepRow = (
  { row, steps }: State,
  proposals: readonly Proposal[],
  rationale: string | null,
  end: string,
): StepRow => ({
  ...row,
  form: 'choice',
  kind: 'group',
  steps,
  candidates: proposals.map(({ text }) => text),
  rationale: rationale === '' ? null : rationale,
  label: null,
  completions: proposals.map(({ text }, index) => ({
    role: 'completion',
    index,
    text: [...steps, text].join(end),
  })),
})

/** A number for every candidate of every row, or why there is none. */
async function scoresOf(
  heuristic: Heuristic,
  { channel: { subject, plan, scorer }, runner }: NonNullable<Engine['scorer']>,
  rows: readonly StepRow[],
): Promise<(number | Unscored)[][]> {
  const found: (number | Unscored)[][] = []
  const places: { readonly row: number; readonly candidate: number }[] = []
  const sequences: Sequence[] = []
  rows.forEach((row, r) => {
    found.push([])
    for (const [c, ready] of subject.prepare(row).entries()) {
      if (isUnscored(ready)) found[r]![c] = ready
      else {
        places.push({ row: r, candidate: c })
        sequences.push({ ...ready, group: r })
      }
    }
  })
  for await (const { results } of measure(runner, planBatches(sequences, plan), sequences))
    for (const { index, measurement, unscored } of results) {
      const { row, candidate } = places[index]!
      const logProb = measurement?.kind === 'logProb' ? stepLogProb(measurement.logProbs ?? []) : null
      const reward = measurement?.kind === 'head' ? scorer!.score([measurement]).score : null
      found[row]![candidate] = heuristicScore(heuristic, { logProb, reward }) ?? unscored ?? NOT_SCORED
    }
  return found
}
const NOT_SCORED: Unscored = { reason: 'not_measured', message: 'a candidate has no score' }

/** `--dry-run` and `--dump-rendered N` of a run that writes reasonings: its prompts, and the text of the first N. */
export async function printPrompts(
  rows: AsyncIterable<Row | RowFailure>,
  { encode, generation }: StepGeneration,
  shown: number,
): Promise<number> {
  let [prompts, tokens, longest, left] = [0, 0, 0, 0]
  for await (const row of rows) {
    if (isFailure(row)) continue
    const encoded = encode(row.prompt, [])
    if (isUnscored(encoded) || encoded.ids.length >= generation.options.maxPositions) left++
    else {
      prompts++
      tokens += encoded.ids.length
      longest = Math.max(longest, encoded.ids.length)
      if (prompts <= shown)
        printText(`${row.where}, ${row.id}: ${encoded.ids.length} tokens\n${JSON.stringify(encoded.text)}\n\n`)
    }
    if (shown > 0 && prompts + left >= shown) return 0
  }
  const cells = [prompts, tokens, longest, left].map((cell) => cell.toLocaleString('en'))
  printText(`${textTable(['prompts', 'their tokens', 'longest', 'not continued'], [cells])}\n`)
  return 0
}
