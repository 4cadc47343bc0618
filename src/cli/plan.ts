import { textTable } from '../report/table.ts'
import { NOT_EMBEDDED } from '../score/bounds.ts'
import { tokenDoubts } from '../score/doubts.ts'
import { estimatePlan } from '../score/estimate.ts'
import type { PlanOptions } from '../score/plan.ts'
import { mostRepairs } from '../score/repair-tally.ts'
import type { DriftPlan } from '../setup/drift.ts'
import type { LoadedModel } from '../setup/models.ts'
import type { OpenSubject } from '../setup/subject.ts'
import type { RepairCounts, Row, RowFailure } from '../types.ts'
import type { Log } from './log.ts'
import { sayRepairs } from './repairs.ts'
import { printText } from './screen.ts'

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
    `would be written to: ${folder}`,
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
    const found = await estimatePlan(rows(), subject, plan, model.description.size)
    const { completions, reasons, unscored } = found
    remarks.push(...found.examples)
    if (unscored > found.examples.length) remarks.push(`and ${unscored - found.examples.length} more`)
    for (const [reason, count] of Object.entries(reasons))
      remarks.push(
        `${subject.role} ${subject.name}: ${count} of ${completions} completions would not be scored, ${reason}`,
      )
    const notEmbedded = reasons[NOT_EMBEDDED] ?? 0
    remarks.push(...tokenDoubts({ name: subject.name, completions, notEmbedded, sameTokens: 0 }))
    repairs.push(found.repairs)
    lines.push([
      subject.role,
      String(completions),
      String(found.distinct),
      String(unscored),
      String(found.tokens),
      String(found.computed),
      String(found.batches),
      `${(found.peakBytes / 2 ** 20).toFixed(0)} MiB`,
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
