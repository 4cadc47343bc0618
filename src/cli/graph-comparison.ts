import { HarnessError } from '../errors.ts'
import { openCheckpoint } from '../model/checkpoint.ts'
import type { ResolvedDevice } from '../model/device.ts'
import type { HeadUse, TextFacts } from '../model/heads/head.ts'
import { openModel } from '../model/open.ts'
import { isReadyMade, type OpenReadyMade } from '../model/ready-made/open.ts'
import { turnsAs } from '../model/rope.ts'
import { startSession } from '../model/session.ts'
import { isFailure } from '../pairs/failure.ts'
import { measure } from '../score/measure.ts'
import { planBatches } from '../score/plan.ts'
import type { Scorer } from '../score/scorer.ts'
import type { Prepared } from '../score/subject.ts'
import { planOf } from '../setup/choices.ts'
import type { RunConfig } from '../setup/config.ts'
import type { LoadedModel } from '../setup/models.ts'
import type { OpenSubject } from '../setup/subject.ts'
import type { Measurement, Row, RowFailure, Runner, Sequence, Unscored } from '../types.ts'
import { isUnscored } from '../unscored.ts'

/** Completions that are scored both ways, in whole rows. */
const SAMPLE = 32
/** A float32 export should give what our graph of its weights gives: the bound of a score, of a log-probability per token. */
const EXPECTED = 1e-4

/** What a sample says of a ready-made graph beside the one built from the same safetensors. As run.json keeps it. */
export interface GraphComparison {
  readonly completions: number
  readonly pairs: number
  /** Pairs whose order, tie included, is another. */
  readonly flipped_pairs: number
  /** Of the scores; null where there is no single one (--head all). */
  readonly largest_difference: number | null
  readonly models: readonly ModelComparison[]
}
interface ModelComparison {
  readonly role: string
  readonly file: string
  readonly dtype: string
  readonly completions: number
  /** Of a label's raw output, or of Σ log-probability in nats; null where nothing was compared. */
  readonly largest_difference: number | null
  /** Completions that differ by more than a float32 graph may: 1e-4, of a log-probability × tokens. */
  readonly beyond_tolerance: number
  readonly not_compared: string | null
}

export interface ComparisonInput {
  readonly config: RunConfig
  readonly rows: () => AsyncIterable<Row | RowFailure>
  readonly models: readonly LoadedModel[]
  readonly subjects: readonly OpenSubject[]
  readonly scorer: Scorer
  readonly device: ResolvedDevice
}

/** Scores the first completions of the data by the exports and by the graphs built from the safetensors beside them; null without an export. */
export async function compareGraphs(input: ComparisonInput): Promise<GraphComparison | null> {
  const { models, subjects, scorer, config, device } = input
  if (!models.some(({ opened }) => isReadyMade(opened))) return null
  const sample = await sampleOf(input)
  /** [model][completion] by the export, or the model's only graph, and by the checkpoint's graph. */
  const given: (Measurement | null)[][] = []
  const built: (readonly (Measurement | null)[])[] = []
  const compared: ModelComparison[] = []
  for (const [m, subject] of subjects.entries()) {
    const { opened, choice } = models[m]!
    const prepared = sample.map(({ prepared }) => prepared[m]!)
    const own = await measured(prepared, () => subject.open(), planOf(config, models))
    given.push(own)
    if (!isReadyMade(opened)) {
      built.push(own)
      continue
    }
    const other = await byCheckpoint(models[m]!, opened, config, device, prepared)
    built.push(other.measurements ?? own.map(() => null))
    const both = own.map((one, i) => difference(one, other.measurements?.[i] ?? null)).filter((d) => d !== null)
    compared.push({
      role: choice.role,
      file: opened.file.name,
      dtype: opened.dtype,
      completions: both.length,
      largest_difference: both.length === 0 ? null : largest(both),
      beyond_tolerance: own.filter((one, i) => (difference(one, other.measurements?.[i] ?? null) ?? 0) > tolerance(one))
        .length,
      not_compared: other.why,
    })
  }
  const scores = (all: readonly (readonly (Measurement | null)[])[]): (number | null)[] =>
    sample.map((_, i) => scorer.score(all.map((of) => of[i]!)).score)
  const [ofExport, ofCheckpoint] = [scores(given), scores(built)]
  const differences = ofExport.flatMap((score, i) =>
    score === null || ofCheckpoint[i] === null ? [] : [Math.abs(score - ofCheckpoint[i]!)],
  )
  return {
    completions: differences.length,
    ...flips(sample, ofExport, ofCheckpoint),
    largest_difference: differences.length === 0 ? null : largest(differences),
    models: compared,
  }
}

interface Sampled {
  readonly row: Row
  readonly completion: number
  /** By model. */
  readonly prepared: readonly (Prepared | Unscored)[]
}

async function sampleOf({ rows, subjects }: ComparisonInput): Promise<Sampled[]> {
  const sample: Sampled[] = []
  for await (const row of rows()) {
    if (isFailure(row)) continue
    const prepared = subjects.map((subject) => subject.prepare(row))
    sample.push(
      ...row.completions.map((_, completion) => ({ row, completion, prepared: prepared.map((of) => of[completion]!) })),
    )
    if (sample.length >= SAMPLE) break
  }
  return sample
}

/** What a runner gives; null for what cannot be measured. */
async function measured(
  prepared: readonly (Prepared | Unscored)[],
  open: () => Promise<Runner>,
  plan: ReturnType<typeof planOf>,
): Promise<(Measurement | null)[]> {
  const results: (Measurement | null)[] = prepared.map(() => null)
  const places = prepared.flatMap((one, i) => (isUnscored(one) ? [] : [i]))
  const sequences = places.map((i, group): Sequence => ({ ...(prepared[i] as Prepared), group }))
  const runner = await open()
  try {
    for await (const { results: some } of measure(runner, planBatches(sequences, plan), sequences))
      for (const { index, measurement } of some) results[places[index]!] = measurement
  } finally {
    await runner.release()
  }
  return results
}

/** The same texts by the graph that is built from the safetensors, in float32; or why there is none. */
async function byCheckpoint(
  { tokenizer }: LoadedModel,
  { checkpoint: { dir }, kind }: OpenReadyMade,
  config: RunConfig,
  { device, deviceId }: ResolvedDevice,
  prepared: readonly (Prepared | Unscored)[],
): Promise<{ measurements: readonly (Measurement | null)[] | null; why: string | null }> {
  try {
    const built = openModel(openCheckpoint(dir), { kind, device, deviceId, dtype: 'fp32' })
    const { head, description } = built
    const encode = (text: string): Int32Array => tokenizer.encode(text, { addSpecialTokens: false }).ids
    const facts = { padTokenId: description.padTokenId, encode }
    const own = prepared.map((one) => {
      const read = isUnscored(one) ? one : readBy(head, facts, one)
      return isUnscored(read)
        ? read
        : { ...read, turnsAs: turnsAs(built.built.ropes, read.positionStart + read.ids.length) }
    })
    const plan = planOf(config, [{ opened: built }])
    return { measurements: await measured(own, () => startSession(built), plan), why: null }
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error
    return { measurements: null, why: `${error.where}: ${error.message}` }
  }
}

/** A text as the checkpoint's head reads it: an encoder's may read all of its places, the export is only known to read the text. */
function readBy({ reads }: HeadUse, facts: TextFacts, prepared: Prepared): Prepared | Unscored {
  if (reads === null) return prepared
  const { ids, positionStart: dropped } = prepared
  const places = reads(dropped === 0 ? ids : Int32Array.of(ids[0]!, ...ids), facts)
  return isUnscored(places) ? places : { ...prepared, reads: places.map((place) => Math.max(0, place - dropped)) }
}

/** Largest |difference| of two measurements of one completion. */
function difference(a: Measurement | null, b: Measurement | null): number | null {
  if (a?.kind === 'head' && b?.kind === 'head')
    return a.values.reduce((most, value, i) => Math.max(most, Math.abs(value - b.values[i]!)), 0)
  return a?.kind === 'logProb' && b?.kind === 'logProb' ? Math.abs(a.sum - b.sum) : null
}

const tolerance = (one: Measurement | null): number => EXPECTED * (one?.kind === 'logProb' ? one.tokens : 1)

function flips(
  sample: readonly Sampled[],
  a: readonly (number | null)[],
  b: readonly (number | null)[],
): { pairs: number; flipped_pairs: number } {
  let [pairs, flipped] = [0, 0]
  const roleOf = ({ row, completion }: Sampled): string => row.completions[completion]!.role
  for (const [c, chosen] of sample.entries())
    for (const [r, rejected] of sample.entries()) {
      if (chosen.row !== rejected.row || roleOf(chosen) !== 'chosen' || roleOf(rejected) !== 'rejected') continue
      const [x, y] = [a, b].map((scores) =>
        scores[c] === null || scores[r] === null ? null : Math.sign(scores[c]! - scores[r]!),
      )
      if (x === null || y === null) continue
      pairs++
      if (x !== y) flipped++
    }
  return { pairs, flipped_pairs: flipped }
}

const short = (value: number): string => (value < 1e-3 ? value.toExponential(1) : value.toPrecision(2))

/** For the screen: what was found, and whether it is a warning. */
export function comparisonLines({ models, pairs, flipped_pairs, completions, largest_difference }: GraphComparison): {
  readonly text: string
  readonly warning: boolean
}[] {
  const lines = models.map(({ role, file, dtype, completions: n, largest_difference: most, ...rest }) => {
    if (most === null)
      return {
        text: `${role}: ${file} is not compared with a graph built from safetensors: ${rest.not_compared ?? 'nothing in the sample could be measured'}`,
        warning: false,
      }
    const unit = role === 'rm' ? 'of a raw output' : 'nats of a Σ log-probability'
    return {
      text: `${role}: ${file} (${dtype}) against the graph built from its safetensors (fp32), ${n} completions: largest difference ${short(most)} ${unit}`,
      warning: dtype === 'fp32' && rest.beyond_tolerance > 0,
    }
  })
  if (completions === 0) return lines
  const most = largest_difference === null ? '' : `scores differ by at most ${short(largest_difference)}, and `
  return [
    ...lines,
    ...(pairs === 0
      ? []
      : [
          {
            text: `of the two graphs, ${most}${flipped_pairs} of ${pairs} pairs come out otherwise`,
            warning: flipped_pairs > 0,
          },
        ]),
  ]
}

/** Of distances; a sample may have more than a call takes arguments. */
const largest = (distances: readonly number[]): number => distances.reduce((most, one) => Math.max(most, one), 0)
