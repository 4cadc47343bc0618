import { isFailure } from '../pairs/failure.ts'
import { textTable } from '../report/table.ts'
import { estimatePeakBytes, type PlanOptions, planBatches } from '../score/plan.ts'
import { isUnscored, type Subject } from '../score/subject.ts'
import type { LoadedModel } from '../setup/models.ts'
import type { Row, RowFailure, Sequence } from '../types.ts'

/** `--dry-run`: what would be computed. The whole data set is tokenised, no model is opened. */
export async function printPlan(
  rows: () => AsyncIterable<Row | RowFailure>,
  models: readonly { readonly model: LoadedModel; readonly subject: Subject }[],
  plan: PlanOptions,
): Promise<number> {
  const lines: string[][] = []
  for (const { model, subject } of models) {
    const sequences: Sequence[] = []
    const seen = new Set<string>()
    let [completions, tokens, group, unscored] = [0, 0, 0, 0]
    for await (const row of rows()) {
      if (isFailure(row)) continue
      for (const prepared of subject.prepare(row)) {
        completions++
        if (isUnscored(prepared)) {
          unscored++
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
  process.stdout.write(`${textTable(header, lines)}\n`)
  return 0
}
