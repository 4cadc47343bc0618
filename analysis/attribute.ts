import { measure } from '../src/score/measure.ts'
import { type PlanOptions, planBatches } from '../src/score/plan.ts'
import type { Scorer } from '../src/score/scorer.ts'
import type { Prepared, Subject } from '../src/score/subject.ts'
import type { OpenTokenizer } from '../src/text/tokenizer.ts'
import type { Completion, Measurement, Row, Runner, Sequence } from '../src/types.ts'
import { isUnscored } from '../src/unscored.ts'
import { tokenTexts } from './prefix-rewards.ts'
import type { Part, Unit } from './text-units.ts'

/** An opened model. */
export interface Opened {
  readonly subject: Subject
  readonly runner: Runner
  readonly plan: PlanOptions
}

/** Measurements of the completions of a row under a model; null where there is none. */
async function measured(row: Row, { subject, runner, plan }: Opened): Promise<(Measurement | null)[]> {
  const prepared = subject.prepare(row)
  const ready = [...prepared.keys()].filter((i) => !isUnscored(prepared[i]!))
  const sequences = ready.map((i): Sequence => ({ ...(prepared[i] as Prepared), group: 0 }))
  const found: (Measurement | null)[] = prepared.map(() => null)
  for await (const { results } of measure(runner, planBatches(sequences, plan), sequences))
    for (const { index, measurement } of results) found[ready[index]!] = measurement
  return found
}

/** A piece of a completion with what it gives to the score. */
export interface Attributed extends Omit<Unit, 'part'> {
  /** `template`: behind the completion, the end of its turn. */
  readonly part: Part | 'template'
  /** In the score's own unit; null where it is not known. */
  readonly value: number | null
}
export interface Attribution {
  readonly score: number | null
  readonly pieces: readonly Attributed[]
}

/**
 * Occlusion: what the score loses when a unit is taken out of the completion, score(whole) − score(without). Not additive: units that say
 * the same twice are each worth little. Any model can be asked.
 */
export async function occluded(
  row: Row,
  completion: Completion,
  units: readonly Unit[],
  models: readonly Opened[],
  scorer: Scorer,
): Promise<Attribution> {
  const text = String(completion.text)
  const texts = [text, ...units.map(({ start, end }) => text.slice(0, start) + text.slice(end))]
  const variants = { ...row, kind: 'group' as const, completions: texts.map((text, index) => ({ role: 'completion' as const, index, text })) }
  const found: (Measurement | null)[][] = []
  for (const model of models) found.push(await measured(variants, model))
  const scores = texts.map((_, i) => scorer.score(found.map((of) => of[i]!)).score)
  const whole = scores[0]!
  return {
    score: whole,
    pieces: units.map((unit, i) => {
      const without = scores[i + 1]!
      return { ...unit, value: whole === null || without === null ? null : whole - without }
    }),
  }
} // biome-ignore format: one line for the row

/**
 * Log-ratios: β · (log π − log ρ) of every token of the completion, which sum to its implicit reward exactly. Policy and reference
 * read the same tokens, or there is none. Runners must keep the log-probability of every token.
 */
export async function ratios(
  row: Row,
  completion: Completion,
  units: readonly Unit[],
  models: readonly [Opened, Opened],
  beta: number,
  tokenizer: Pick<OpenTokenizer, 'decode'>,
): Promise<Attribution | null> {
  const one = { ...row, kind: 'single' as const, completions: [completion] }
  const [policy, reference] = [await measured(one, models[0]), await measured(one, models[1])].map(([m]) => m ?? null)
  const [prepared] = models[0].subject.prepare(one)
  if (prepared === undefined || isUnscored(prepared)) return null
  const [p, r] = [policy, reference].map((m) => (m?.kind === 'logProb' ? (m.logProbs ?? null) : null))
  if (p == null || r == null || p.length !== r.length) return null
  const values = p.map((logProb, i) => beta * (logProb - r[i]!))
  const ids = prepared.ids.subarray(prepared.ids.length - values.length)
  return {
    score: values.reduce((a, b) => a + b, 0),
    pieces: placed(tokenTexts(ids, tokenizer), values, String(completion.text), units),
  }
}

/** Tokens beside the units of the text: a token is of the part that most of its letters are in; behind the text it is the template's. */
export function placed(
  tokens: readonly string[],
  values: readonly number[],
  text: string,
  units: readonly Unit[],
): Attributed[] {
  const offset = tokens.join('').indexOf(text.trim())
  const shift = text.indexOf(text.trim()) - Math.max(0, offset)
  let at = 0
  return tokens.map((token, i): Attributed => {
    const [start, end] = [at + shift, at + shift + token.length]
    at += token.length
    const letters = new Map<Part, number>()
    for (const unit of units) {
      const common = Math.min(unit.end, end) - Math.max(unit.start, start)
      if (common > 0) letters.set(unit.part, (letters.get(unit.part) ?? 0) + common)
    }
    const most = offset < 0 ? undefined : [...letters].sort((a, b) => b[1] - a[1])[0]
    return { part: most?.[0] ?? 'template', start, end, text: token, value: values[i]! }
  })
}
