import type { ReportInput } from '../../src/report/html/input.ts'
import type {
  ClaimRecord,
  StepLineRecord,
  StepRowRecord,
  StepsReport,
  StepVerdictRecord,
} from '../../src/report/html/step-input.ts'
import { StepCounter } from '../../src/report/html/step-tally.ts'
import type { Statistic } from '../../src/types.ts'
import { demoInput } from './demo-input.ts'

const statistic = (name: string, value: number | null, changes: Partial<Statistic> = {}): Statistic => ({
  scope: 'steps',
  subset: 'all',
  statistic: name,
  value,
  ciLow: null,
  ciHigh: null,
  ciMethod: null,
  n: 3,
  clusters: 3,
  ties: 0,
  missing: 0,
  reason: value === null ? 'no_judged_rows' : null,
  ...changes,
})

const row = (id: string, steps: readonly string[], candidates: readonly string[]): StepRowRecord => ({
  id,
  subset: id.startsWith('a') ? 'formula' : 'reaction',
  prompt: `What is the formula of ${id}?`,
  steps,
  candidates,
  rationale: id === 'a1' ? 'Count the atoms of each element.' : null,
})
export const stepRows: readonly StepRowRecord[] = [
  row('a1', ['CCO is ethanol.', 'It has 2 rings.'], ['So it is C2H6O.', 'So it is C3H8O.', 'I do not know.']),
  row('a2', ['Benzene is c1ccccc1.'], ['It is C6H6.', 'It is C6H12.']),
  row('b1', [], ['The product is CC(=O)OC.', 'The product is CCOC.']),
  row('b2', ['Let me think.'], ['Done.', 'Not done.']),
]

/** a1: the likelihood chooses the wrong one; a2 and b1: the right one; b2: not judged. */
const CHOSEN: Readonly<Record<string, readonly [chosen: number, right: number | null]>> = {
  a1: [1, 0],
  a2: [0, 0],
  b1: [1, 1],
  b2: [0, null],
}
const lines: readonly StepLineRecord[] = stepRows.flatMap(({ id, candidates }) =>
  ['world_model', 'random'].flatMap((heuristic) =>
    candidates.map((_, candidate): StepLineRecord => {
      const [chosen, right] = CHOSEN[id]!
      const mean = candidate === chosen ? -0.5 : -1.25
      return {
        id,
        heuristic,
        candidate,
        logProb:
          heuristic === 'random'
            ? null
            : { tokens: 4, decayedSum: 3.439 * mean, decayedMean: 0.85975 * mean, mean, sum: 4 * mean },
        score: heuristic === 'random' ? null : 0.85975 * mean,
        chosen: heuristic === 'random' ? candidate === 0 : candidate === chosen,
        right: right === null ? null : candidate === right,
      }
    }),
  ),
)

const claim = (kind: string, outcome: ClaimRecord['outcome'], text: string, computed: string | null): ClaimRecord => ({
  kind,
  outcome,
  text,
  computed,
  reason: outcome === 'pass' ? null : outcome === 'fail' ? `it has ${computed}` : 'not understood',
})
const verdict = (
  id: string,
  step: number,
  candidate: number | null,
  claims: readonly ClaimRecord[],
): StepVerdictRecord => {
  const wrong = claims.find(({ outcome }) => outcome === 'fail')
  const passed = claims.some(({ outcome }) => outcome === 'pass')
  return {
    id,
    step,
    candidate,
    verdict: wrong !== undefined ? 'fail' : passed ? 'pass' : 'unverifiable',
    claims,
    reason: wrong?.reason ?? null,
  }
}
export const stepVerdicts: readonly StepVerdictRecord[] = [
  verdict('a1', 0, null, [claim('smiles', 'pass', 'CCO', 'CCO')]),
  verdict('a1', 1, null, [claim('ring_count', 'fail', '2 rings', '0 rings')]),
  verdict('a1', 2, 0, [claim('formula', 'pass', 'C2H6O', 'C2H6O')]),
  verdict('a1', 2, 1, [claim('formula', 'fail', 'C3H8O', 'C2H6O')]),
  verdict('a1', 2, 2, []),
  verdict('a2', 0, null, [
    claim('smiles', 'pass', 'c1ccccc1', 'c1ccccc1'),
    claim('identity', 'unverifiable', 'Benzene', null),
  ]),
  verdict('b2', 0, null, []),
]

const tallyOf = (verdicts: readonly StepVerdictRecord[]): StepCounter => {
  const counter = new StepCounter()
  for (const one of verdicts) counter.add(one)
  return counter
}

export const stepsReport = (changes: Partial<StepsReport> = {}): StepsReport => ({
  total: changes.rows?.length ?? stepRows.length,
  rows: stepRows,
  heuristics: ['world_model', 'random'],
  lines,
  tests: [
    {
      a: 'world_model',
      b: 'random',
      n: 3,
      clusters: 3,
      missing: 1,
      difference: { value: 0.3333, ciLow: 0, ciHigh: 1, reason: null },
      onlyA: 1,
      onlyB: 0,
      test: 'sign_flip',
      p: 1,
      pHolm: 1,
    },
  ],
  verdicts: stepVerdicts,
  tally: changes.verdicts === null ? null : tallyOf(changes.verdicts ?? stepVerdicts),
  ...changes,
})

/** What a run over steps hands to the report: no pair, no completion. */
export function stepsInput(changes: Partial<StepsReport> = {}): ReportInput {
  const input = demoInput(null, [])
  return {
    ...input,
    run: { ...input.run, command: 'run-process', dataset: 'steps' },
    accuracy: null,
    statistics: [
      statistic('choice_chance', 4 / 9),
      statistic('choice_ceiling', 1),
      statistic('choice_accuracy_world_model', 2 / 3, { ciLow: 0.2, ciHigh: 0.94, missing: 1 }),
      statistic('choice_accuracy_random', 2 / 3, { ciLow: 0.2, ciHigh: 0.94, missing: 1 }),
      statistic('choice_difference_world_model_minus_random', 0, { ciLow: -1, ciHigh: 1 }),
    ],
    completions: [],
    failures: [],
    calibration: null,
    suspects: [],
    steps: stepsReport(changes),
  }
}
