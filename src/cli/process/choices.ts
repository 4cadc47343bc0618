import { join } from 'node:path'
import { type ChoiceFindings, type ChoiceRow, type Pick as Chosen, choiceFindings } from '../../agreement/choices.ts'
import { type JudgedSteps, stepAgreement, stepVerdictShares } from '../../agreement/step-agreement.ts'
import { isFailure } from '../../pairs/failure.ts'
import type { StepRow } from '../../pairs/steps.ts'
import { plain, promptCluster } from '../../plain-text.ts'
import { openCsv } from '../../report/csv.ts'
import { STEP_COLUMNS, type StepLine, stepCells } from '../../report/steps.ts'
import type { Ledger } from '../../score/ledger.ts'
import {
  type CandidateFacts,
  type Choice,
  choose,
  draw,
  type Heuristic,
  heuristicScore,
  NEAR_TIE,
  RATIONALE_TOKENS,
  stepLogProb,
} from '../../score/process.ts'
import { CHANNEL_OF } from '../../setup/step-channels.ts'
import type { StepGeneration } from '../../setup/step-generation.ts'
import type { Store } from '../../store/log.ts'
import type { RowFailure, Statistic } from '../../types.ts'
import { unscoredHint } from '../failure-lines.ts'
import { finishProcess, intervalsOf } from './finish.ts'
import { type WrittenRationales, writeRationales } from './greedy.ts'
import { choiceMethods } from './methods.ts'
import { StepWitness } from './report.ts'
import {
  type ChannelFacts,
  factsOf,
  type MeasuredChannel,
  measureChannels,
  openProcessStore,
  type ProcessRun,
  verifySteps,
} from './run.ts'
import { choicePaperTable, choiceTable } from './tables.ts'
import {
  judged,
  openStepVerdicts,
  STEP_VERDICT_FILES,
  type StepTally,
  notesOf as verdictNotes,
  summaryOf as verdictSummary,
} from './verify-steps.ts'

/** What was chosen, for the statistics and the files. */
export interface ChosenSteps {
  readonly rows: readonly ChoiceRow[]
  /** Candidates without the number that a heuristic needs. */
  readonly failures: readonly RowFailure[]
  /** Rows without a rationale, under a layout that has one. */
  readonly withoutRationale: number
  /** The candidates by the claims that they make, with each heuristic's scores; null with --no-verify. */
  readonly verdicts: StepFindings | null
  readonly witness: StepWitness
}
interface StepFindings {
  readonly byHeuristic: ReadonlyMap<Heuristic, readonly JudgedSteps[]>
  readonly all: readonly JudgedSteps[]
  readonly tally: StepTally
}

/** Measures the candidates, lets every heuristic choose, and writes the files of the run. Returns the exit code. */
export async function chooseSteps(run: ProcessRun<StepRow>, steps: StepGeneration | null): Promise<number> {
  const { config, folder, interrupt } = run
  const heuristics = config.heuristic
  const store = await openProcessStore(run)
  try {
    const measured = store === null ? [] : await measureChannels(run, run.rows, run.inspection.completions, store)
    const written = steps === null ? null : await writeRationales(run, steps)
    const verified = await verifySteps(run, run.rows)
    interrupt.dispose()
    store?.finish()
    return await finishProcess(run, measured, verified?.verdicts ?? null, async () => {
      const chosen = await writeSteps(
        { run, heuristics, measured, written, store, verdicts: verified?.ledger ?? null },
        folder,
      )
      const findings = choiceFindings(chosen.rows, heuristics, { seed: config.seed, resamples: config.resamples })
      return {
        failures: chosen.failures,
        columns: { 'steps.csv': STEP_COLUMNS, ...(chosen.verdicts === null ? {} : STEP_VERDICT_FILES) },
        statistics: [...findings.statistics, ...verdictStatistics(run, chosen.verdicts)],
        tests: findings.tests,
        summary: {
          ...summaryOf(findings),
          ...(chosen.verdicts === null
            ? {}
            : { step_verdicts: verdictSummary(chosen.verdicts.all, chosen.verdicts.tally) }),
        },
        report: chosen.witness.report(heuristics, findings.tests),
        table: choiceTable(findings, chosen.rows.length),
        papers: [choicePaperTable(findings, scorerOf(run), run.data.name, intervalsOf(run))],
        methods: choiceMethods(run, {
          heuristics: heuristics.map((name) => ({ name, score: FORMULAS[name] })),
          rows: chosen.rows.length,
          lost: run.inspection.failures.length + chosen.failures.length,
          tested: findings.tests.length > 0,
        }),
        notes: [
          ...notesOf(run, chosen, findings),
          ...(chosen.verdicts === null ? [] : verdictNotes(chosen.verdicts.tally)),
        ],
        record: {
          heuristics: heuristics.map((name) => ({ name, score: FORMULAS[name] })),
          layout: config.layout,
          rows_without_rationale: chosen.withoutRationale,
        },
      }
    })
  } finally {
    store?.close()
  }
}

/** Each heuristic's scores beside the verdicts on the candidates' claims. */
function verdictStatistics({ config }: ProcessRun, verdicts: StepFindings | null): Statistic[] {
  if (verdicts === null) return []
  const settings = { seed: config.seed, resamples: config.resamples }
  const { decided, passed } = stepVerdictShares(verdicts.all, settings)
  return [
    ...decided.statistics,
    ...passed.statistics,
    ...[...verdicts.byHeuristic].flatMap(([heuristic, rows]) =>
      stepAgreement(rows, { probabilities: false, suffix: `_${heuristic}` }, settings),
    ),
  ]
}

/** Who chooses, in a table. */
const scorerOf = ({ models }: ProcessRun): string => models.map(({ name }) => name).join(' and ') || 'drawing lots'

/** What each heuristic chooses by, for the manifest. */
const FORMULAS: Readonly<Record<Heuristic, string>> = {
  world_model: "decayed_mean: Σ 0.9^i log p of the candidate's token i over its number of tokens (nats)",
  world_model_no_length: "mean: Σ log p of the candidate's tokens over their number (nats); RATIONALYST's decay 1",
  trajectory: "mean log-probability of the row's rationale behind the steps and the candidate (nats per token)",
  trajectory_greedy: `mean log-probability of the rationale that the model writes behind the steps and the candidate, greedily, at most ${RATIONALE_TOKENS} tokens, without its last token (nats per token)`,
  random: 'a draw, each candidate as likely (--seed)',
  reward: "the reward model's score of the prompt, the steps and the candidate",
}

interface Source {
  readonly run: ProcessRun<StepRow>
  readonly heuristics: readonly Heuristic[]
  readonly measured: readonly MeasuredChannel[]
  /** Of `trajectory_greedy`; else null. */
  readonly written: WrittenRationales | null
  readonly store: Store | null
  /** Verdicts on the trajectories; null where nothing was verified. */
  readonly verdicts: Ledger | null
}

/** Goes through the rows once more, writes steps.csv and keeps what was chosen. */
async function writeSteps(source: Source, folder: string): Promise<ChosenSteps> {
  const { run, heuristics } = source
  const file = openCsv(join(folder, 'steps.csv'), STEP_COLUMNS)
  const [rows, failures]: [ChoiceRow[], RowFailure[]] = [[], []]
  const claims = run.config.verification.enabled ? await openStepVerdicts(folder) : null
  const byHeuristic = new Map<Heuristic, JudgedSteps[]>(
    heuristics.filter((name) => name !== 'random').map((name) => [name, []]),
  )
  const all: JudgedSteps[] = []
  const witness = new StepWitness()
  let [first, withoutRationale, whole] = [0, 0, false]
  try {
    for await (const row of run.rows()) {
      if (isFailure(row)) continue
      const joined = joinRow(source, row, first)
      for (const line of joined.lines) await file.write(stepCells(line))
      rows.push(joined.choice)
      failures.push(...joined.failures)
      if (row.rationale === null) withoutRationale++
      first += row.completions.length
      const { id, subset, cluster } = joined.choice
      const { steps, candidates } = row
      const trajectory = { steps, candidates, prompt: plain(row.prompt) }
      const found = claims === null ? null : await claims.check({ id, subset, cluster }, trajectory)
      witness.see({ row, lines: joined.lines, verdicts: found })
      if (found === null) continue
      all.push({ id, subset, cluster, steps: found.map((one) => judged(one)) })
      const ofCandidates = found.filter(({ candidate }) => candidate !== null)
      for (const [heuristic, of] of byHeuristic) {
        const scores = joined.lines.filter((line) => line.heuristic === heuristic).map(({ score }) => score)
        of.push({ id, subset, cluster, steps: ofCandidates.map((one, i) => judged(one, scores[i] ?? null)) })
      }
    }
    await file.close()
    await claims?.close()
    whole = true
  } finally {
    if (!whole) {
      await file.abort()
      await claims?.abort()
    }
  }
  const layouts = heuristics.some((name) => CHANNEL_OF[name] === 'candidates') && run.config.layout !== 'none'
  return {
    rows,
    failures,
    withoutRationale: layouts ? withoutRationale : 0,
    verdicts: claims === null ? null : { byHeuristic, all, tally: claims.tally },
    witness,
  }
}

interface JoinedStep {
  readonly lines: readonly StepLine[]
  readonly choice: ChoiceRow
  readonly failures: readonly RowFailure[]
}

function joinRow(
  { run, heuristics, measured, written, store, verdicts }: Source,
  row: StepRow,
  first: number,
): JoinedStep {
  const { config } = run
  const facts = new Map(
    measured.map(
      (channel) => [channel.channel.kind, { channel, facts: factsOf(channel, row, first, store!) }] as const,
    ),
  )
  const verdict = row.candidates.map((_, i) =>
    row.solution === null ? null : (verdicts?.verdictOf(first + i) ?? null),
  )
  const right = row.candidates.map((_, i): boolean | null => {
    if (row.label !== null) return row.label.includes(i)
    const found = verdict[i]
    return found == null || found.status === 'unverifiable' ? null : found.status === 'pass'
  })
  const cluster = promptCluster(row.prompt)
  const layout = row.rationale === null ? 'none' : config.layout
  const [lines, picks, failures]: [StepLine[], Chosen[], RowFailure[]] = [[], [], []]
  for (const heuristic of heuristics) {
    const kind = CHANNEL_OF[heuristic]
    const own = kind === null ? null : facts.get(kind)!
    const candidates = row.candidates.map((_, i) =>
      heuristic === 'trajectory_greedy'
        ? writtenCandidate(written?.[first + i] ?? null)
        : candidateOf(heuristic, row, own?.facts[i] ?? null, own?.channel ?? null),
    )
    const choice =
      heuristic === 'random'
        ? draw(config.seed, row.id, row.candidates.length)
        : choose(candidates.map(({ score }) => score))
    const near = choice !== null && choice.margin !== null && choice.margin < NEAR_TIE
    picks.push(pickOf(choice, near, right))
    for (const [i, { logProb, score, reason, message, probabilities }] of candidates.entries()) {
      const { prepared } = own?.facts[i] ?? { prepared: null }
      const found = verdict[i] ?? null
      if (reason !== null && heuristic !== 'random')
        failures.push({
          where: row.where,
          id: row.id,
          reason,
          message: `candidate ${i} has no score (${heuristic}): ${reason}${message === null ? '' : `, ${message}`}`,
          hint: unscoredHint(reason, message, config.stepSeparator),
        })
      lines.push({
        id: row.id,
        subset: row.subset,
        heuristic,
        candidate: i,
        logProb,
        chosen: choice === null ? null : choice.index === i,
        label: row.label === null ? null : row.label.includes(i),
        score,
        scoreReason: reason,
        right: right[i]!,
        margin: choice?.margin ?? null,
        nearTie: choice === null || choice.margin === null ? null : near,
        tied: choice?.tied ?? null,
        layout: kind === 'candidates' ? layout : null,
        boundaryMoved: prepared?.boundaryMoved ?? null,
        contextTokens: prepared?.promptTokens ?? null,
        truncated: prepared === null ? null : prepared.truncated !== 'no',
        stepProbabilities: probabilities,
        verifiableReward: found === null || found.status === 'unverifiable' ? null : found.value,
        verifiableStatus: found?.status ?? null,
        verifiableReason: found?.reason ?? null,
        cluster,
        textSha256: prepared?.textSha256 ?? null,
      })
    }
  }
  const known = right.every((one) => one !== null)
  const choice: ChoiceRow = {
    id: row.id,
    subset: row.subset,
    cluster,
    candidates: row.candidates.length,
    right: known ? right.filter((one) => one).length : null,
    picks,
  }
  return { lines, choice, failures }
}

function pickOf(choice: Choice | null, near: boolean, right: readonly (boolean | null)[]): Chosen {
  if (choice === null) return { index: null, reason: 'candidate_unscored', right: null, tied: 0, near: false }
  return { index: choice.index, reason: null, right: right[choice.index]!, tied: choice.tied, near }
}

interface Candidate extends CandidateFacts {
  readonly score: number | null
  readonly reason: string | null
  readonly message: string | null
  readonly probabilities: readonly number[] | null
}

function writtenCandidate(written: WrittenRationales[number] | null): Candidate {
  const absent = { logProb: null, reward: null, score: null, probabilities: null }
  if (written === null) return { ...absent, reason: 'not_measured', message: null }
  if ('reason' in written) return { ...absent, reason: written.reason, message: written.message }
  return { ...absent, logProb: written, score: written.mean, reason: null, message: null }
}

function candidateOf(
  heuristic: Heuristic,
  row: StepRow,
  facts: ChannelFacts | null,
  measured: MeasuredChannel | null,
): Candidate {
  const absent = { logProb: null, reward: null, score: null, probabilities: null }
  if (facts === null || measured === null) return { ...absent, reason: 'random', message: null }
  if (heuristic === 'trajectory' && row.rationale === null)
    return { ...absent, reason: 'no_rationale', message: 'the row has no rationale' }
  const { measurement, unscored } = facts
  if (measurement === null)
    return { ...absent, reason: unscored?.reason ?? 'not_measured', message: unscored?.message || null }
  if (measurement.kind === 'logProb') {
    const logProb = stepLogProb(measurement.logProbs ?? [])
    const score = heuristicScore(heuristic, { logProb, reward: null })
    return { logProb, reward: null, score, reason: null, message: null, probabilities: null }
  }
  const { scorer } = measured.channel
  const { score, reason } = scorer!.score([measurement])
  const probabilities = scorer!.perStep === true ? measurement.values : null
  return {
    logProb: null,
    reward: score,
    score,
    reason: score === null ? (reason ?? 'not_measured') : null,
    message: null,
    probabilities,
  }
}

// ── what is said ────────────────────────────────────────────────────────────────────────────────────────────────────

function notesOf(
  { config, inspection }: ProcessRun,
  { withoutRationale, rows }: ChosenSteps,
  findings: ChoiceFindings,
): string[] {
  const judged = findings.bounds[0]?.n ?? 0
  return [
    ...(withoutRationale > 0
      ? [
          `${withoutRationale} of ${rows.length} rows have no rationale: --layout ${config.layout} is none there (column layout)`,
        ]
      : []),
    ...(judged === 0 && inspection.rows > 0
      ? [
          'no row says which candidate is right ("label"), and none has a solution that a candidate could be held against: no accuracy',
        ]
      : judged < rows.length
        ? [`of ${rows.length - judged} rows it is not known which candidates are right`]
        : []),
  ]
}

function summaryOf({ heuristics, bounds, tests }: ChoiceFindings): Record<string, unknown> {
  return {
    accuracy: heuristics[0]?.accuracy ?? null,
    steps: {
      heuristics: Object.fromEntries(
        heuristics.map(({ heuristic, accuracy, ties, nearTies }) => [
          heuristic,
          { overall: accuracy.overall, subsets: accuracy.subsets, ties, near_ties: nearTies },
        ]),
      ),
      bounds: Object.fromEntries(bounds.map(({ subset, ...rest }) => [subset, rest])),
      tests: tests.map(({ a, b, n, valueA, valueB, difference, p, pHolm, pBh, mcnemarP }) => ({
        a,
        b,
        n,
        value_a: valueA,
        value_b: valueB,
        difference: difference.value,
        p,
        p_holm: pHolm,
        p_bh: pBh,
        mcnemar_p: mcnemarP,
      })),
    },
  }
}
