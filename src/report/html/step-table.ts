import { sortedBy } from './informative.ts'
import type { Limits } from './limits.ts'
import { type Chemistry, picked } from './picked.ts'
import {
  type Column,
  choiceColumn,
  type Detail,
  expectedPart,
  type NumbersTable,
  numberColumn,
  type RowTable,
  rowTable,
  textColumn,
} from './row-table.ts'
import type {
  ClaimRecord,
  StepLineRecord,
  StepRowRecord,
  StepsReport,
  StepVerdictRecord,
  StepWord,
} from './step-input.ts'
import type { TextPool } from './texts.ts'

/** A row of steps as the page's script reads it; texts are indices into `texts`. */
export interface StepDetail extends Detail {
  readonly rationale: number | null
  readonly steps: readonly StepItem[]
  readonly candidates: readonly StepItem[]
  readonly numbers: NumbersTable
}
export interface StepItem {
  readonly text: number
  readonly verdict: StepWord | null
  readonly claims: readonly ClaimRecord[]
  /** Label, choice and probability, in words. */
  readonly notes: readonly string[]
}

/** A row with what was found of it. */
interface Found {
  readonly row: StepRowRecord
  readonly lines: readonly StepLineRecord[]
  readonly verdicts: readonly StepVerdictRecord[]
}

/** Rows of the steps' browser, the most interesting first. null without any. */
export function stepTable(report: StepsReport | undefined, chemistry: Chemistry, limits: Limits): RowTable | null {
  if (report === undefined || report.rows.length === 0) return null
  const lines = byId(report.lines)
  const verdicts = byId(report.verdicts ?? [])
  const all = report.rows.map((row) => ({
    row,
    lines: lines.get(row.id) ?? [],
    verdicts: verdicts.get(row.id) ?? [],
  }))
  const shown = sortedBy(all.map((one) => rank(one, report.heuristics[0])))
    .slice(0, limits.rows)
    .map((i) => all[i]!)
  const { pool, drawings } = picked(chemistry, limits)
  const details = shown.map((one) => ({
    ...detailOf(one, report.heuristics, pool),
    ...expectedPart(one.row.expected, pool, drawings),
  }))
  const columns = columnsOf(shown, report)
  const table = rowTable('steps', columns, details, pool, drawings, report.total, limits)
  const looked = report.rows.length
  return looked === report.total ? table : { ...table, left: { ...table.left, looked } }
}

function byId<Line extends { readonly id: string }>(lines: readonly Line[]): ReadonlyMap<string, readonly Line[]> {
  const found = new Map<string, Line[]>()
  for (const line of lines) {
    const own = found.get(line.id)
    if (own === undefined) found.set(line.id, [line])
    else own.push(line)
  }
  return found
}

type Outcome = 'right' | 'wrong' | 'not judged' | 'no choice'

/** What came of a heuristic's choice. */
function outcomeOf({ lines }: Found, heuristic: string): Outcome {
  const chosen = lines.find((line) => line.heuristic === heuristic && line.chosen === true)
  if (chosen === undefined) return 'no choice'
  return chosen.right === null ? 'not judged' : chosen.right ? 'right' : 'wrong'
}

const failing = ({ verdicts }: Found): readonly StepVerdictRecord[] =>
  verdicts.filter(({ verdict }) => verdict === 'fail')

/** Wrongly chosen, then with a step that fails, then without a choice or judgement, then the rest. */
function rank(one: Found, heuristic: string | undefined): readonly [number, number] {
  const outcome = heuristic === undefined ? null : outcomeOf(one, heuristic)
  if (outcome === 'wrong') return [0, 0]
  const fails = failing(one)
  if (fails.length > 0) return [1, -fails.length]
  return [outcome === 'right' || one.row.labels?.every((label) => label === true) === true ? 3 : 2, 0]
}

function detailOf(one: Found, heuristics: readonly string[], pool: TextPool): StepDetail {
  const { row, lines, verdicts } = one
  const item = (text: string, step: number, candidate: number | null, notes: readonly string[]): StepItem => {
    const verdict = verdicts.find((v) => v.candidate === candidate && (candidate !== null || v.step === step))
    return { text: pool.add(text), verdict: verdict?.verdict ?? null, claims: verdict?.claims ?? [], notes }
  }
  return {
    prompt: row.prompt === '' ? null : pool.add(row.prompt),
    completions: [],
    rationale: row.rationale === null ? null : pool.add(row.rationale),
    steps: row.steps.map((text, i) => item(text, i, null, stepNotes(row, i))),
    candidates: row.candidates.map((text, i) => item(text, row.steps.length, i, candidateNotes(lines, i))),
    numbers: numbersOf(lines, heuristics, row.candidates.length),
  }
}

const rightWord = (right: boolean | null): string => (right === null ? '' : right ? 'label: right' : 'label: wrong')

function stepNotes({ labels, probabilities }: StepRowRecord, i: number): readonly string[] {
  const probability = probabilities?.[i] ?? null
  return [rightWord(labels?.[i] ?? null), probability === null ? '' : `probability ${probability.toFixed(3)}`].filter(
    (note) => note !== '',
  )
}

function candidateNotes(lines: readonly StepLineRecord[], candidate: number): readonly string[] {
  const own = lines.filter((line) => line.candidate === candidate)
  const right = own.find((line) => line.right !== null)?.right ?? null
  const choosers = own.filter(({ chosen }) => chosen === true).map(({ heuristic }) => heuristic)
  return [
    right === null ? '' : right ? '✓ right' : '✗ wrong',
    choosers.length === 0 ? '' : `★ chosen by ${choosers.join(', ')}`,
  ].filter((note) => note !== '')
}

const CAPTION = 'Log-probabilities of the candidates, nats; ★ marks what a heuristic chooses.'
const HEADER = [
  'Heuristic',
  'Candidate',
  'Tokens',
  'Σ 0.9ⁱ log p',
  'Σ 0.9ⁱ log p ÷ tokens',
  'Mean',
  'Sum',
  'Chooses by',
]

/** A line per heuristic and candidate, heuristics in their order. */
function numbersOf(lines: readonly StepLineRecord[], heuristics: readonly string[], candidates: number): NumbersTable {
  const rows = heuristics.flatMap((heuristic) =>
    Array.from({ length: candidates }, (_, candidate) => {
      const line = lines.find((one) => one.heuristic === heuristic && one.candidate === candidate)
      // a draw has no numbers
      if (line === undefined || (line.logProb === null && line.score === null)) return null
      const { logProb, score, chosen } = line
      return [
        heuristic,
        `${candidate}${chosen === true ? ' ★' : ''}`,
        logProb?.tokens ?? null,
        logProb?.decayedSum ?? null,
        logProb?.decayedMean ?? null,
        logProb?.mean ?? null,
        logProb?.sum ?? null,
        score,
      ]
    }).filter((row) => row !== null),
  )
  return { caption: CAPTION, header: HEADER, rows }
}

function columnsOf(shown: readonly Found[], { heuristics, verdicts }: StepsReport): readonly Column[] {
  const firstWrong = (one: Found): number | null => {
    const steps = failing(one).flatMap(({ step, candidate }) => (candidate === null ? [step] : []))
    return steps.length === 0 ? null : Math.min(...steps)
  }
  const of = (word: StepWord) => (one: Found) => one.verdicts.filter(({ verdict }) => verdict === word).length
  return [
    textColumn('id', 'Row', shown, ({ row }) => row.id),
    choiceColumn('subset', 'Subset', shown, ({ row }) => row.subset),
    numberColumn('steps', 'Steps', shown, ({ row }) => row.steps.length),
    numberColumn('candidates', 'Candidates', shown, ({ row }) => row.candidates.length),
    ...heuristics.map((heuristic) =>
      choiceColumn(`choice.${heuristic}`, heuristic, shown, (one) => outcomeOf(one, heuristic)),
    ),
    ...(verdicts === null
      ? []
      : [
          numberColumn('pass', 'Steps pass', shown, of('pass')),
          numberColumn('fail', 'Steps fail', shown, of('fail')),
          numberColumn('unverifiable', 'Unverifiable', shown, of('unverifiable')),
          numberColumn('first_wrong', 'First wrong step', shown, firstWrong),
        ]),
  ]
}
