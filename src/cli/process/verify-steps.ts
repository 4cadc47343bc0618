import { join } from 'node:path'
import { type JudgedStep, type JudgedSteps, stepVerdictShares } from '../../agreement/step-agreement.ts'
import type { StepVerdict } from '../../chem/claims/claim.ts'
import { stepsOfText } from '../../chem/claims/sentences.ts'
import { type Trajectory, verifySteps } from '../../chem/claims/verify.ts'
import { Toolkit } from '../../chem/toolkit/toolkit.ts'
import { isFailure } from '../../pairs/failure.ts'
import type { TrajectoryRow } from '../../pairs/steps.ts'
import { plain, promptCluster } from '../../plain-text.ts'
import { openCsv } from '../../report/csv.ts'
import {
  claimCells,
  STEP_CLAIM_COLUMNS,
  STEP_VERDICT_COLUMNS,
  type VerdictRow,
  verdictCells,
} from '../../report/step-verdicts.ts'
import { percent, textTable } from '../../report/table.ts'
import { finishProcess } from './finish.ts'
import { StepWitness } from './report.ts'
import type { ProcessRun } from './run.ts'

/** Columns of the files that a `StepVerdictFiles` writes, for the code book. */
export const STEP_VERDICT_FILES: Readonly<Record<string, readonly string[]>> = {
  'step-verdicts.csv': STEP_VERDICT_COLUMNS,
  'step-claims.csv': STEP_CLAIM_COLUMNS,
}

/** Checks the claims of one trajectory after the other, and writes step-verdicts.csv and step-claims.csv. */
export interface StepVerdictFiles {
  /** The verdicts on the row's steps, then on its candidates. */
  check(row: VerdictRow, trajectory: Trajectory): Promise<readonly StepVerdict[]>
  close(): Promise<void>
  abort(): Promise<void>
  /** Steps of which not all was read, and how many statements were found by kind and outcome. */
  readonly tally: StepTally
}
export interface StepTally {
  unread: number
  readonly claims: Map<string, { pass: number; fail: number; unverifiable: number }>
}

export async function openStepVerdicts(folder: string): Promise<StepVerdictFiles> {
  const mols = await Toolkit.shared()
  const verdicts = openCsv(join(folder, 'step-verdicts.csv'), STEP_VERDICT_COLUMNS)
  const claims = openCsv(join(folder, 'step-claims.csv'), STEP_CLAIM_COLUMNS)
  const tally: StepTally = { unread: 0, claims: new Map() }
  return {
    tally,
    async check(row, trajectory) {
      // after a failure inside RDKit: a fresh one
      await mols.recover()
      const found = verifySteps(trajectory, mols)
      for (const step of found) {
        if (step.note !== null) tally.unread++
        for (const { kind, outcome } of step.claims) {
          const counts = tally.claims.get(kind) ?? { pass: 0, fail: 0, unverifiable: 0 }
          counts[outcome]++
          tally.claims.set(kind, counts)
        }
        await verdicts.write(verdictCells(row, step))
        for (const cells of claimCells(row, step)) await claims.write(cells)
      }
      return found
    },
    async close() {
      await verdicts.close()
      await claims.close()
    },
    async abort() {
      await verdicts.abort()
      await claims.abort()
    },
  }
}

/** What the statistics need of a step. */
export const judged = ({ verdict, claims }: StepVerdict, reward: number | null = null): JudgedStep => ({
  verdict,
  claims: claims.flatMap(({ kind, outcome }) => (outcome === 'unverifiable' ? [] : [{ kind, outcome }])),
  reward,
})

/** `--verify-steps`: the claims of every step and candidate, without a model. Returns the exit code. */
export async function verifyStepsAlone(run: ProcessRun<TrajectoryRow>): Promise<number> {
  const { config, folder, interrupt, inspection, log } = run
  interrupt.dispose()
  return finishProcess(run, [], null, async () => {
    const files = await openStepVerdicts(folder)
    const bar = log.progress('verifying', inspection.rows, 'rows')
    const rows: JudgedSteps[] = []
    const witness = new StepWitness()
    let [done, whole] = [0, false]
    try {
      for await (const row of run.rows()) {
        if (isFailure(row)) continue
        const { id, subset, candidates } = row
        const steps = row.answer === null ? row.steps : stepsOfText(row.answer)
        // rows without a prompt are told apart by their ids
        const cluster = promptCluster(row.hasPrompt ? row.prompt : id)
        const prompt = row.hasPrompt ? plain(row.prompt) : null
        const found = await files.check({ id, subset, cluster }, { steps, candidates, prompt })
        rows.push({ id, subset, cluster, steps: found.map((one) => judged(one)) })
        witness.see({ row: { ...row, steps, prompt: row.hasPrompt ? row.prompt : null }, verdicts: found })
        bar.update(++done)
      }
      await files.close()
      whole = true
    } finally {
      bar.stop()
      if (!whole) await files.abort()
    }
    const { decided, passed } = stepVerdictShares(rows, { seed: config.seed, resamples: config.resamples })
    return {
      failures: [],
      columns: STEP_VERDICT_FILES,
      statistics: [...decided.statistics, ...passed.statistics],
      tests: [],
      summary: { step_verdicts: summaryOf(rows, files.tally) },
      report: witness.report(),
      table: verdictTable(rows, files.tally),
      notes: notesOf(files.tally),
      record: { verified: 'claims of the steps, with RDKit; no model' },
    }
  })
}

export const notesOf = ({ unread }: StepTally): string[] =>
  unread > 0 ? [`of ${unread} steps not all was read: too long, or RDKit gave up (column step_note)`] : []

export function summaryOf(rows: readonly JudgedSteps[], { unread, claims }: StepTally): Record<string, unknown> {
  const steps = rows.flatMap((row) => row.steps)
  const count = (verdict: JudgedStep['verdict']): number => steps.filter((step) => step.verdict === verdict).length
  return {
    steps: steps.length,
    pass: count('pass'),
    fail: count('fail'),
    unverifiable: count('unverifiable'),
    not_wholly_read: unread,
    claims: Object.fromEntries([...claims].sort(([a], [b]) => (a < b ? -1 : 1))),
  }
}

/** Steps by verdict, and statements by kind. */
export function verdictTable(rows: readonly JudgedSteps[], { claims }: StepTally): string {
  const steps = rows.flatMap((row) => row.steps)
  const n = steps.length
  const count = (verdict: JudgedStep['verdict']): number => steps.filter((step) => step.verdict === verdict).length
  const line = (verdict: JudgedStep['verdict']): string[] => [
    verdict,
    String(count(verdict)),
    percent(n === 0 ? null : count(verdict) / n),
  ]
  const kinds = [...claims].sort(([a], [b]) => (a < b ? -1 : 1))
  return [
    textTable(['steps', 'count', 'share'], [line('pass'), line('fail'), line('unverifiable')]),
    ...(kinds.length === 0
      ? []
      : [
          '',
          textTable(
            ['claims', 'pass', 'fail', 'unverifiable'],
            kinds.map(([kind, { pass, fail, unverifiable }]) => [
              kind,
              String(pass),
              String(fail),
              String(unverifiable),
            ]),
          ),
        ]),
  ].join('\n')
}
