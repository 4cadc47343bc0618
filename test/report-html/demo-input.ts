import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { summarise } from '../../src/agreement/accuracy.ts'
import { packagePath } from '../../src/package.ts'
import type { MoleculePort, ReportInput } from '../../src/report/html/input.ts'
import { auroc } from '../../src/stats/auroc.ts'
import { wilson } from '../../src/stats/wilson.ts'
import type { CompletionRole, ScoredCompletion, ScoredPair, Statistic } from '../../src/types.ts'

/** A line of the embedded pairs, as far as the fixture reads it. */
export interface DemoRow {
  readonly id: string
  readonly subset: string
  readonly problem_type: string
  readonly prompt: readonly { readonly content: string }[]
  readonly chosen: string
  readonly rejected: string
  readonly solution: string
  readonly chosen_reward: number
  readonly rejected_reward: number
  readonly chosen_format: number
  readonly rejected_format: number
  readonly reject_kind: string
  readonly rejected_reason: string
}

export const demoRows: readonly DemoRow[] = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as DemoRow)

const scores = new Map(
  (
    parse(readFileSync(packagePath('test/data/demo/expected-rm.csv'), 'utf8'), { columns: true }) as Record<
      string,
      string
    >[]
  ).map((row) => [row.id!, row]),
)

const sign = (difference: number | null): 'win' | 'tie' | 'loss' | null =>
  difference === null ? null : difference > 0 ? 'win' : difference < 0 ? 'loss' : 'tie'
const minus = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a - b)

/** The embedded pairs with the golden scores of the demo reward model and the verdicts that the rows carry. */
export const demoPairs: readonly ScoredPair[] = demoRows.map((row) => {
  const measured = scores.get(row.id)!
  const completion = (
    role: CompletionRole,
    text: string,
    score: number,
    reward: number,
    reason: string | null,
  ): ScoredCompletion => ({
    id: row.id,
    subset: row.subset,
    problemType: row.problem_type,
    role,
    index: 0,
    text,
    score,
    scoreReason: null,
    verifiableReward: reward,
    verifiableStatus: reward === 1 ? 'pass' : 'fail',
    verifiableReason: reason,
    formatReward: role === 'chosen' ? row.chosen_format : row.rejected_format,
    promptTokens: null,
    completionTokens: Number(measured[`${role}_tokens`]),
  })
  const chosen = completion('chosen', row.chosen, Number(measured.chosen_score), row.chosen_reward, null)
  const rejected = completion(
    'rejected',
    row.rejected,
    Number(measured.rejected_score),
    row.rejected_reward,
    row.rejected_reason,
  )
  return pairOf(chosen, rejected, row.prompt[0]!.content, { reject_kind: row.reject_kind })
})

/** Joins two completions as the run does. */
export function pairOf(
  chosen: ScoredCompletion,
  rejected: ScoredCompletion,
  prompt: string,
  extra: Readonly<Record<string, unknown>> = {},
): ScoredPair {
  const margin = minus(chosen.score, rejected.score)
  const outcome = sign(margin)
  const verifiableOutcome = sign(minus(chosen.verifiableReward, rejected.verifiableReward))
  const decided = [outcome, verifiableOutcome].every((word) => word === 'win' || word === 'loss')
  return {
    id: chosen.id,
    subset: chosen.subset,
    problemType: chosen.problemType,
    cluster: createHash('sha256').update(prompt).digest('hex').slice(0, 16),
    rejectedIndex: rejected.index,
    prompt,
    chosen,
    rejected,
    margin,
    outcome,
    verifiableOutcome,
    agree: decided ? (outcome === verifiableOutcome ? 1 : 0) : null,
    extra,
  }
}

/** Accuracy of a scorer of texts that knows no chemistry. */
function nullScorer(
  name: string,
  pairs: readonly ScoredPair[],
  score: (text: string) => number,
): ReportInput['nulls'][number] {
  const points = pairs.map(({ chosen, rejected }) => 0.5 + 0.5 * Math.sign(score(chosen.text) - score(rejected.text)))
  const accuracy = points.reduce((sum, point) => sum + point, 0) / points.length
  const interval = wilson(accuracy * points.length, points.length)
  return { name, accuracy, ciLow: interval?.low ?? null, ciHigh: interval?.high ?? null }
}

function reliability(pairs: readonly ScoredPair[]): ReportInput['calibration'] {
  // the label is the pair's order; each pair in both orders, else a constant offset would look calibrated
  const labelled = pairs.flatMap(({ margin }) => [
    { p: 1 / (1 + Math.exp(-margin!)), label: 1 },
    { p: 1 / (1 + Math.exp(margin!)), label: 0 },
  ])
  labelled.sort((a, b) => a.p - b.p)
  const size = labelled.length / 10
  const bins = Array.from({ length: 10 }, (_, i) => {
    const bin = labelled.slice(Math.round(i * size), Math.round((i + 1) * size))
    const wins = bin.reduce((sum, { label }) => sum + label, 0)
    const interval = wilson(wins, bin.length)
    return {
      predicted: bin.reduce((sum, { p }) => sum + p, 0) / bin.length,
      observed: wins / bin.length,
      low: interval?.low ?? null,
      high: interval?.high ?? null,
      n: bin.length,
    }
  })
  return { method: 'Predicted: σ(margin), each pair in both orders; ten bins of equal size.', bins }
}

function statistics(pairs: readonly ScoredPair[]): readonly Statistic[] {
  const completions = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected])
  const value = auroc(
    completions.map((c) => (c.verifiableStatus === 'pass' ? 1 : 0)),
    completions.map((c) => c.score!),
  )
  const row = {
    subset: 'all',
    ciLow: null,
    ciHigh: null,
    ciMethod: null,
    n: completions.length,
    clusters: 294,
    ties: 0,
    missing: 0,
  }
  return [
    { ...row, scope: 'completions', statistic: 'auroc', value, reason: null },
    { ...row, scope: 'pairs', statistic: 'cohen_kappa', value: null, n: pairs.length, reason: 'one_class_only' },
    { ...row, scope: 'completions', subset: 'property', statistic: 'auroc', value: 0.5, reason: null },
  ]
}

/** What a run over the embedded pairs hands to the report. */
export function demoInput(
  molecules: MoleculePort | null = null,
  pairs: readonly ScoredPair[] = demoPairs,
): ReportInput {
  return {
    run: {
      command: 'run-rm',
      model: 'demo-reward-model',
      reference: null,
      dataset: 'embedded pairs',
      device: 'cpu',
      provider: 'CPUExecutionProvider',
      dtype: 'fp32',
      seed: 0,
      versions: { chemherm: '0.1.0', 'onnxruntime-node': '1.30.0' },
      repairs: { double_bos: 600 },
      truncations: 2,
      warnings: [],
      provenance: [
        { name: 'rings', origin: 'demo', licence: 'CC0', sha256: 'ab'.repeat(32), false_positive_rate: 0.001 },
      ],
      details: { chat_template: 'tokenizer', head: 0 },
    },
    accuracy: summarise(pairs).accuracy,
    nulls: [
      nullScorer('longest', pairs, (text) => text.length),
      nullScorer('shortest', pairs, (text) => -text.length),
      nullScorer('answer tag only', pairs, (text) => (text.includes('<|answer_end|>') ? 1 : 0)),
      nullScorer('constant', pairs, () => 0),
    ],
    statistics: statistics(pairs),
    pairs,
    completions: pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]),
    prompts: new Map(),
    failures: [
      {
        where: 'pairs.jsonl:301',
        id: null,
        reason: 'invalid_json',
        message: 'not JSON: Unexpected end of JSON input',
        hint: 'Each line needs prompt, chosen, rejected.',
      },
    ],
    calibration: reliability(pairs),
    molecules,
  }
}
