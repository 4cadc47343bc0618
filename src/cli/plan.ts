import { isFailure } from '../pairs/failure.ts'
import { textTable } from '../report/table.ts'
import { NOT_EMBEDDED } from '../score/bounds.ts'
import { tokenDoubts } from '../score/doubts.ts'
import { estimatePeakBytes, type PlanOptions, planBatches } from '../score/plan.ts'
import { mostRepairs, RepairTally } from '../score/repair-tally.ts'
import { repairsOf } from '../score/subject.ts'
import type { DriftPlan } from '../setup/drift.ts'
import type { LoadedModel } from '../setup/models.ts'
import type { OpenSubject } from '../setup/subject.ts'
import type { RepairCounts, Row, RowFailure, Sequence } from '../types.ts'
import { isUnscored } from '../unscored.ts'
import type { Log } from './log.ts'
import { sayRepairs } from './repairs.ts'
import { printText } from './screen.ts'

/** Completions named by `--dry-run`, a model. */
const SHOWN = 20

/** `--dry-run`: what would be computed. The whole data set is tokenised, no model is opened. */
export async function printPlan(
  rows: () => AsyncIterable<Row | RowFailure>,
  models: readonly { readonly model: LoadedModel; readonly subject: OpenSubject }[],
  { plan, drift }: { readonly plan: PlanOptions; readonly drift: DriftPlan | null },
  folder: string,
  log: Log,
): Promise<number> {
  const lines: string[][] = []
  const remarks: string[] = [
    ...models.map(({ subject }) => `${subject.role} ${subject.name} computes in ${subject.dtype}`),
    'distinct: texts that differ, each measured once; computed: tokens that the graph computes, padding included, shared prefixes once',
    `written to: ${folder}`,
  ]
  if (drift?.reason != null) remarks.push(`drift against fp32: would not be measured, ${drift.reason}`)
  if (drift?.reason === null) {
    const weights = Math.max(...drift.models.map(({ description }) => description.size.weightBytes))
    remarks.push(
      `drift against fp32: ${drift.rows} rows at most would be scored in fp32, too, after the run (weights ${(weights / 2 ** 20).toFixed(0)} MiB); --drift 0 leaves it out`,
    )
  }
  const repairs: RepairCounts[] = []
  for (const { model, subject } of models) {
    const sequences: Sequence[] = []
    const tally = new RepairTally()
    const seen = new Set<string>()
    const reasons: Record<string, number> = {}
    let [completions, tokens, group, unscored] = [0, 0, 0, 0]
    for await (const row of rows()) {
      if (isFailure(row)) continue
      const completionsOfRow = subject.prepare(row)
      tally.add(completionsOfRow.map(repairsOf))
      for (const [i, prepared] of completionsOfRow.entries()) {
        completions++
        if (isUnscored(prepared)) {
          unscored++
          reasons[prepared.reason] = (reasons[prepared.reason] ?? 0) + 1
          const { role, index } = row.completions[i]!
          if (unscored <= SHOWN) remarks.push(`${row.where}, ${role} ${index}: ${prepared.reason}, ${prepared.message}`)
          continue
        }
        tokens += prepared.ids.length
        const key = subject.key(prepared)
        if (seen.has(key)) continue
        seen.add(key)
        sequences.push({ ...prepared, group })
      }
      group++
    }
    if (unscored > SHOWN) remarks.push(`and ${unscored - SHOWN} more`)
    for (const [reason, count] of Object.entries(reasons))
      remarks.push(
        `${subject.role} ${subject.name}: ${count} of ${completions} completions would not be scored, ${reason}`,
      )
    const notEmbedded = reasons[NOT_EMBEDDED] ?? 0
    remarks.push(...tokenDoubts({ name: subject.name, completions, notEmbedded, sameTokens: 0 }))
    repairs.push(tally.counts)
    const batches = planBatches(sequences, plan)
    const computed = batches.reduce((sum, batch) => sum + batch.tokens, 0)
    const peak = estimatePeakBytes(batches, sequences, model.description.size)
    lines.push([
      subject.role,
      String(completions),
      String(sequences.length),
      String(unscored),
      String(tokens),
      String(computed),
      String(batches.length),
      `${(peak / 2 ** 20).toFixed(0)} MiB`,
    ])
  }
  const subjects = models.map(({ subject }) => subject)
  sayRepairs(mostRepairs(repairs), subjects, log)
  const header = [
    'model',
    'completions',
    'distinct',
    'unscored',
    'tokens',
    'computed',
    'batches',
    'weights + activations (estimate)',
  ]
  printText(`${[textTable(header, lines), ...remarks].join('\n')}\n`)
  return 0
}
