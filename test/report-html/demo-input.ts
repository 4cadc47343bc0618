import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { summarise } from '../../src/agreement/accuracy.ts'
import { agreement } from '../../src/agreement/agreement.ts'
import { reliability } from '../../src/agreement/calibration.ts'
import { allRows, pairColumns } from '../../src/agreement/columns.ts'
import { accuracyByFault, isPart } from '../../src/agreement/faults.ts'
import { mineHacks } from '../../src/agreement/hacking.ts'
import { answerPort } from '../../src/cli/answer-port.ts'
import { packagePath } from '../../src/package.ts'
import type { MoleculePort, ReportInput } from '../../src/report/html/input.ts'
import type { CompletionRole, Fault, PairFault, ScoredCompletion, ScoredPair } from '../../src/types.ts'

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

/** Answers and solutions of the embedded pairs. */
export const demoAnswers = answerPort(new Map(demoRows.map((row) => [row.id, row.solution])), {
  extraction: 'strict',
  requireReasoning: true,
})

const scores = new Map(
  (
    parse(readFileSync(packagePath('test/data/demo/expected-rm.csv'), 'utf8'), { columns: true }) as Record<
      string,
      string
    >[]
  ).map((row) => [row.id!, row]),
)

const faults = new Map(
  (
    parse(readFileSync(packagePath('test/data/agreement/pair-faults.csv'), 'utf8'), { columns: true }) as Record<
      string,
      string
    >[]
  ).map(({ id, fault, well_formed, tanimoto }): [string, PairFault] => [
    id!,
    {
      rejected: fault as Fault,
      wellFormed: well_formed === '1',
      tanimoto: tanimoto === '' ? null : Number(tanimoto),
    },
  ]),
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
  return {
    ...pairOf(chosen, rejected, row.prompt[0]!.content, { reject_kind: row.reject_kind }),
    fault: faults.get(row.id)!,
  }
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

/** What a run over the embedded pairs hands to the report. */
export function demoInput(
  molecules: MoleculePort | null = null,
  pairs: readonly ScoredPair[] = demoPairs,
): ReportInput {
  const completions = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected])
  const columns = pairColumns(pairs)
  const { statistics } = agreement(pairs, completions, { resamples: 200 })
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
      remarks: [],
      provenance: [
        { name: 'rings', origin: 'demo', licence: 'CC0', sha256: 'ab'.repeat(32), false_positive_rate: 0.001 },
      ],
      details: { chat_template: 'tokenizer', head: 0 },
    },
    accuracy: summarise(pairs).accuracy,
    statistics,
    faults: accuracyByFault(statistics).map((line, _, lines) => ({ ...line, part: isPart(line, lines) })),
    pairs,
    completions,
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
    drift: null,
    calibration: {
      method: 'Predicted: σ(margin), each pair in both orders; bins of equal size.',
      bins: reliability(columns, allRows(columns.n), 'all'),
    },
    suspects: mineHacks(completions).suspects,
    answers: demoAnswers,
    molecules,
  }
}
