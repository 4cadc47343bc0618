import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { packagePath } from '../../src/package.ts'
import type { MeasurementKind, Sequence } from '../../src/types.ts'

/** One model folder and what transformers says about it, at the level of token ids. */
export interface GoldenModel {
  readonly name: string
  readonly dir: string
  readonly kind: MeasurementKind
  readonly cases: readonly GoldenCase[]
  /** Absolute bound of one output, and the relative one that is added to it. */
  readonly atol: number
  readonly rtol: number
}
export interface GoldenCase {
  readonly label: string
  readonly sequence: Sequence
  readonly expected: readonly number[]
}

interface ScoreCase {
  readonly id: string
  readonly input_ids: readonly number[]
  readonly double_bos?: boolean
  readonly scores: readonly number[]
  /** Decoders; an encoder's head reads the first token, or all. */
  readonly read_index?: number
  readonly token_type_ids?: readonly number[]
}
interface Span {
  readonly input_ids: readonly number[]
  readonly n_prompt_tokens: number
  readonly policy_logps: readonly number[]
  readonly reference_logps?: readonly number[]
}
interface GoldenFile {
  readonly kind: 'sequence-classification' | 'reward-head' | 'pair-head' | 'dpo-pair' | 'causal-lm'
  readonly tolerance_advice: { readonly atol?: number; readonly rtol?: number; readonly per_token_atol?: number }
  readonly cases: readonly (ScoreCase & { readonly template?: Span; readonly rewardbench?: Span })[]
}

/** Every model below test/data/<topic>: a new case is a new folder. */
export function goldenModels(topic: string): GoldenModel[] {
  const root = packagePath('test/data', topic)
  return readdirSync(root)
    .filter((name) => existsSync(join(root, name, 'golden.json')) || existsSync(join(root, name, 'golden.json.gz')))
    .flatMap((name) => modelsOf(name, join(root, name)))
}

function modelsOf(name: string, dir: string): GoldenModel[] {
  const golden = readGolden(dir)
  // two answers per case: pair-golden.ts
  if (golden.kind === 'pair-head') return []
  const { atol, rtol = 0, per_token_atol } = golden.tolerance_advice
  if (golden.kind === 'dpo-pair')
    return (['policy', 'reference'] as const).map((side) => ({
      name: `${name}/${side}`,
      dir: join(dir, side),
      kind: 'logProb',
      cases: golden.cases.flatMap((one, i) => spans(one, side, i)),
      atol: per_token_atol!,
      rtol,
    }))
  if (golden.kind === 'causal-lm')
    return [
      {
        name,
        dir,
        kind: 'logProb',
        cases: golden.cases.flatMap((one, i) => spans(one, 'policy', i)),
        atol: per_token_atol!,
        rtol,
      },
    ]
  return [{ name, dir, kind: 'head', cases: golden.cases.map(scoreCase), atol: atol!, rtol }]
}

/** A masked first BOS is left out; the other tokens keep their positions. */
function scoreCase(one: ScoreCase, i: number): GoldenCase {
  const masked = one.double_bos ? 1 : 0
  const ids = Int32Array.from(one.input_ids.slice(masked))
  const sequence = {
    ids,
    typeIds: one.token_type_ids === undefined ? null : Int32Array.from(one.token_type_ids.slice(masked)),
    positionStart: masked,
    reads: Int32Array.of((one.read_index ?? 0) - masked),
    group: i,
  }
  return { label: one.id, sequence, expected: one.scores }
}

function spans(one: GoldenFile['cases'][number], side: 'policy' | 'reference', i: number): GoldenCase[] {
  return (['template', 'rewardbench'] as const).flatMap((convention) => {
    const span = one[convention]
    if (span === undefined) return []
    const ids = Int32Array.from(span.input_ids)
    const sequence = { ids, typeIds: null, positionStart: 0, reads: Int32Array.of(span.n_prompt_tokens), group: i }
    return [{ label: `${one.id} ${convention}`, sequence, expected: span[`${side}_logps`]! }]
  })
}

function readGolden(dir: string): GoldenFile {
  const plain = join(dir, 'golden.json')
  const text = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`))
  return JSON.parse(text.toString('utf8')) as GoldenFile
}
