import { join } from 'node:path'
import { type KeptRow, keptShare } from '../../agreement/kept.ts'
import { isFailure } from '../../pairs/failure.ts'
import type { AnnotatedRow, RationaleRow } from '../../pairs/steps.ts'
import { promptCluster } from '../../plain-text.ts'
import { openCsv } from '../../report/csv.ts'
import { openJsonLines } from '../../report/rows-file.ts'
import { percent, textTable } from '../../report/table.ts'
import { checkAnnotations, SIMILAR } from '../../score/annotations.ts'
import { NEAR_TIE, stepLogProb } from '../../score/process.ts'
import type { Store } from '../../store/log.ts'
import type { RowFailure } from '../../types.ts'
import { unscoredHint } from '../failure-lines.ts'
import { finishProcess } from './finish.ts'
import { factsOf, type MeasuredChannel, measureChannels, openProcessStore, type ProcessRun } from './run.ts'

// ── the filter ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const FILTER_COLUMNS = [
  'id', 'with', 'without', 'keep', 'reason', 'difference', 'near_tie', 'tokens', 'layout', 'context_tokens_with',
  'context_tokens_without', 'subset', 'cluster',
] as const // biome-ignore format: the contract's line, then ours

/** Why there is nothing to compare; the row's sums are 0 then, as in RATIONALYST, and it is not kept. */
const emptiness = ({ rationale, following }: RationaleRow): string | null =>
  rationale === '' ? 'empty_rationale' : following === '' ? 'empty_following' : null

/** A row as it is measured: what follows, without the rationale and with it. */
async function* asPairs(rows: AsyncIterable<RationaleRow | RowFailure>): AsyncGenerator<RationaleRow | RowFailure> {
  for await (const row of rows) {
    if (isFailure(row)) yield row
    else {
      const texts = emptiness(row) === null ? [row.following, row.following] : []
      yield { ...row, completions: texts.map((text, index) => ({ role: 'completion', index, text })) }
    }
  }
}

/**
 * RATIONALYST's filter (arXiv:2410.01044; definitions of filter.csv): a rationale is kept where Σ 0.9^i log p of what follows is with it at
 * least what it is without. Returns the exit code.
 */
export async function filterRationales(run: ProcessRun<RationaleRow>): Promise<number> {
  const { config, folder, interrupt, inspection } = run
  const rows = () => asPairs(run.rows())
  const store = (await openProcessStore(run))!
  try {
    const measured = await measureChannels(run, rows, 2 * inspection.rows, store)
    interrupt.dispose()
    store.finish()
    return await finishProcess(run, measured, null, async () => {
      const { kept, failures, empty, near } = await writeFilter(run, rows, measured[0]!, store, folder)
      const settings = { seed: config.seed, resamples: config.resamples }
      const { table, statistics } = keptShare(kept, 'rationale_keep_rate', settings)
      const line = (name: string, { strict, n, missing }: (typeof table)['overall']): string[] => [
        name,
        percent(strict),
        String(Math.round((strict ?? 0) * n)),
        String(n),
        String(missing),
      ]
      const subsets = Object.entries(table.subsets)
      return {
        failures,
        columns: { 'filter.csv': FILTER_COLUMNS },
        statistics,
        tests: [],
        summary: { rationales: { overall: table.overall, subsets: table.subsets, empty, near_ties: near } },
        table: textTable(
          ['rationales', 'kept', 'count', 'of', 'not judged'],
          [
            ...(subsets.length < 2 ? [] : subsets.map(([name, found]) => line(name || '(none)', found))),
            line('all', table.overall),
          ],
        ),
        notes: [
          ...(empty > 0 ? [`${empty} rows have no rationale or nothing that follows it: sums of 0, not kept`] : []),
          ...(near > 0
            ? [`of ${near} rows the two sums are within ${NEAR_TIE}: another device may decide otherwise`]
            : []),
        ],
        record: {
          filter: 'Σ 0.9^i log p(following | context with rationale) ≥ the same without',
          layout: config.layout,
        },
      }
    })
  } finally {
    store.close()
  }
}

async function writeFilter(
  run: ProcessRun<RationaleRow>,
  rows: () => AsyncIterable<RationaleRow | RowFailure>,
  measured: MeasuredChannel,
  store: Store,
  folder: string,
): Promise<{ kept: KeptRow[]; failures: RowFailure[]; empty: number; near: number }> {
  const { config } = run
  const file = openCsv(join(folder, 'filter.csv'), FILTER_COLUMNS)
  const [kept, failures]: [KeptRow[], RowFailure[]] = [[], []]
  let [first, empty, near, whole] = [0, 0, 0, false]
  try {
    for await (const row of rows()) {
      if (isFailure(row)) continue
      const { id, subset, where } = row
      const cluster = promptCluster(row.prompt)
      const nothing = emptiness(row)
      if (nothing !== null) {
        empty++
        kept.push({ subset, cluster, keep: null })
        await file.write([id, 0, 0, 0, nothing, 0, null, 0, config.layout, null, null, subset, cluster])
        continue
      }
      const facts = factsOf(measured, row, first, store)
      first += facts.length
      const [without, withIt] = facts.map(({ measurement }) =>
        measurement?.kind === 'logProb' ? stepLogProb(measurement.logProbs ?? []) : null,
      )
      const [a, b] = [withIt?.decayedSum ?? null, without?.decayedSum ?? null]
      const unscored = facts.find((one) => one.measurement === null)?.unscored ?? null
      const known = a !== null && b !== null
      const close = known && Math.abs(a - b) < NEAR_TIE
      if (close) near++
      if (!known) {
        const reason = unscored?.reason ?? 'not_measured'
        failures.push({
          where,
          id,
          reason,
          message: `the text behind the rationale has no likelihood: ${reason}${unscored?.message ? `, ${unscored.message}` : ''}`,
          hint: unscoredHint(reason, unscored?.message ?? null, null),
        })
      }
      kept.push({ subset, cluster, keep: known ? a >= b : null })
      await file.write([
        id,
        a,
        b,
        known ? (a >= b ? 1 : 0) : null,
        known ? null : (unscored?.reason ?? 'not_measured'),
        known ? a - b : null,
        known ? (close ? 1 : 0) : null,
        withIt?.tokens ?? null,
        config.layout,
        facts[1]?.prepared?.promptTokens ?? null,
        facts[0]?.prepared?.promptTokens ?? null,
        subset,
        cluster,
      ])
    }
    await file.close()
    whole = true
  } finally {
    if (!whole) await file.abort()
  }
  return { kept, failures, empty, near }
}

// ── the check before it ─────────────────────────────────────────────────────────────────────────────────────────────

export const PRECHECK_COLUMNS = ['id', 'edit_distance', 'similarity', 'pass', 'triples', 'reason', 'subset'] as const

/** RATIONALYST's check of annotated texts, without a model: precheck.csv, and the triples of those that pass. Returns the exit code. */
export async function checkAnnotated(run: ProcessRun<AnnotatedRow>): Promise<number> {
  const { config, folder, interrupt } = run
  interrupt.dispose()
  return finishProcess(run, [], null, async () => {
    const file = openCsv(join(folder, 'precheck.csv'), PRECHECK_COLUMNS)
    const triples = openJsonLines(join(folder, 'triples.jsonl'))
    const rows: KeptRow[] = []
    let [count, whole] = [0, false]
    try {
      for await (const row of run.rows()) {
        if (isFailure(row)) continue
        const { id, subset } = row
        const found = checkAnnotations(row.input, row.output)
        rows.push({ subset, cluster: promptCluster(row.input), keep: found.similarity === null ? null : found.pass })
        await file.write([
          id,
          found.editDistance,
          found.similarity,
          found.pass ? 1 : 0,
          found.triples.length,
          found.similarity === null ? 'empty_input' : null,
          subset,
        ])
        for (const [i, { preceding, rationale, following, leftStep }] of found.triples.entries()) {
          count++
          await triples.write({
            id: `${id}/${i}`,
            preceding,
            rationale,
            following,
            left_step: leftStep,
            // as rows of the filter
            prompt: preceding,
          })
        }
      }
      await triples.close()
      await file.close()
      whole = true
    } finally {
      if (!whole) {
        await file.abort()
        await triples.abort()
      }
    }
    const { table, statistics } = keptShare(rows, 'annotation_pass_rate', {
      seed: config.seed,
      resamples: config.resamples,
    })
    const { strict, n, missing } = table.overall
    return {
      failures: [],
      columns: { 'precheck.csv': PRECHECK_COLUMNS },
      statistics,
      tests: [],
      summary: { annotations: { overall: table.overall, subsets: table.subsets, triples: count } },
      table: textTable(
        ['annotated texts', 'pass', 'of', 'empty', 'triples'],
        [['all', percent(strict), String(n), String(missing), String(count)]],
      ),
      notes: [],
      record: { precheck: `1 − edits / characters ≥ ${SIMILAR}, spaces and line breaks aside`, triples: count },
    }
  })
}
