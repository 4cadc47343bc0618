import { existsSync } from 'node:fs'
import { halfDifference } from '../src/agreement/baselines.ts'
import { allRows, filterRows } from '../src/agreement/columns.ts'
import type { BootstrapSettings } from '../src/agreement/intervals.ts'
import { accuracyStatistics } from '../src/agreement/pairs.ts'
import { DataError } from '../src/errors.ts'
import type { Statistic } from '../src/types.ts'
import { eachCsvRow } from './csv-rows.ts'
import { kindOf, type Run, type RunPairs } from './runs.ts'
import { baselineScorers } from './scorers.ts'
import { numberOrNull, statisticOf } from './statistic-row.ts'

/** Baselines that read texts, which pairs.csv does not have: the run itself has computed them. */
const OF_TEXTS = ['null:answer_tag', 'null:smiles_parses']
/** Of the others scores.csv lacks the characters of a completion alone, which AUROC is of. */
const OF_COMPLETIONS = ['null:longest', 'null:shortest', 'null:constant', 'null:random']
const SHOWN = ['accuracy_strict', 'accuracy_half', 'tie_rate', 'model_minus_null', 'auroc']

const LEFT_OUT = 'its baselines of texts and the AUROC of all baselines are left out'

/**
 * The baselines of a run, scopes `null:<name>`, on the pairs that it scored: those of lengths and chance from its pairs; those of texts, and every
 * AUROC, as its own agreement.csv has them, with the resamples of the run.
 */
export function baselinesOfRun(run: Run, settings: BootstrapSettings): Statistic[] {
  const { pairs, ownBaselines = [] } = run
  if (pairs.n === 0 || kindOf(run) === 'verifier') return []
  const scored = filterRows(allRows(pairs.n), (i) => !Number.isNaN(pairs.margin[i]))
  const judged = scored.length === 0 ? allRows(pairs.n) : scored
  const lost = pairs.n - judged.length
  return [
    ...baselineScorers({ pairs }).flatMap(({ name, margin }) => {
      const place = { columns: pairs, scope: name, subset: 'all', settings }
      const own = accuracyStatistics(margin, { ...place, rows: judged }, '')
      return [
        ...own.map((line) => ({ ...line, missing: line.missing + lost })),
        halfDifference({ ...place, rows: allRows(pairs.n) }, pairs.margin, margin),
        ...ownBaselines.filter(({ scope }) => scope === name),
      ]
    }),
    ...ownBaselines.filter(({ scope }) => OF_TEXTS.includes(scope)),
  ]
}

/**
 * ◆ What a run's agreement.csv alone has of baselines; none where there is no such file, or it is not of these pairs.
 * @returns also a sentence to tell the user; null where all is well
 */
export async function readOwnBaselines(
  path: string,
  pairs: RunPairs,
): Promise<{ readonly statistics: readonly Statistic[]; readonly warning: string | null }> {
  if (!existsSync(path) || pairs.n === 0) return { statistics: [], warning: null }
  const statistics: Statistic[] = []
  let accuracy: number | null = null
  let row = 0
  try {
    await eachCsvRow(path, ['scope', 'subset', 'statistic', 'value'], (get) => {
      row++
      const [scope, statistic] = [get('scope'), get('statistic')]
      if (get('subset') !== 'all') return
      if (scope === 'pairs' && statistic === 'accuracy_half') accuracy = numberOrNull(get, path, row, 'value')
      const shown = OF_TEXTS.includes(scope) ? SHOWN : OF_COMPLETIONS.includes(scope) ? ['auroc'] : []
      if (!shown.includes(statistic)) return
      statistics.push(statisticOf(get, path, row))
    })
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    return { statistics: [], warning: `${error.where ?? path}: ${error.message}; ${LEFT_OUT}` }
  }
  if (statistics.length === 0 || same(accuracy, halfAccuracy(pairs))) return { statistics, warning: null }
  return { statistics: [], warning: `${path} is not of the pairs beside it; ${LEFT_OUT}` }
}

function halfAccuracy({ margin }: RunPairs): number | null {
  let [sum, n] = [0, 0]
  for (const value of margin) {
    if (Number.isNaN(value)) continue
    sum += value > 0 ? 1 : value === 0 ? 0.5 : 0
    n++
  }
  return n === 0 ? null : sum / n
}

const same = (a: number | null, b: number | null): boolean =>
  a === null || b === null ? a === b : Math.abs(a - b) < 1e-9
