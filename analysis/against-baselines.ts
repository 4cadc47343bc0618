import { halfDifference, MIN_PROMPTS, standingTo } from '../src/agreement/baselines.ts'
import { allRows } from '../src/agreement/columns.ts'
import type { BootstrapSettings } from '../src/agreement/intervals.ts'
import type { Standing } from './leaderboard.ts'
import type { Aligned, Scorer } from './scorers.ts'

const MODELS: readonly string[] = ['rm', 'dpo', 'dpo-ref-free']

/** How one model stands to one baseline on the pairs that both score, by the paired interval; `above`: the model does better. */
interface Against {
  readonly model: string
  readonly baseline: string
  readonly standing: 'above' | 'better' | 'not_distinguishable'
}

/**
 * What can be said of the models and the baselines of a leaderboard, a line each: which baselines do better, from which a model cannot be told. Of
 * few prompts one sentence in all.
 */
export function baselineLines(
  aligned: Aligned,
  scorers: readonly Scorer[],
  standings: readonly Standing[],
  settings: BootstrapSettings,
): string[] {
  const ranked = new Map(standings.flatMap((one) => (one.rank === null ? [] : [[one.scorer.name, one] as const])))
  const of = (kinds: readonly string[]): Scorer[] =>
    scorers.filter(({ name, kind }) => ranked.has(name) && kinds.includes(kind))
  const [models, baselines] = [of(MODELS), of(['null'])]
  if (models.length === 0 || baselines.length === 0) return []
  const prompts = Math.max(...models.map(({ name }) => ranked.get(name)!.accuracy.clusters))
  if (prompts < MIN_PROMPTS)
    return [
      `${prompts} ${prompts === 1 ? 'prompt is' : 'prompts are'} too few to hold models against baselines (${MIN_PROMPTS} at least)`,
    ]
  const found = models.flatMap((model) =>
    baselines.map((baseline): Against => {
      const [a, b] = [ranked.get(model.name)!, ranked.get(baseline.name)!]
      return {
        model: model.name,
        baseline: baseline.name,
        standing: apart(a, b) ?? paired(aligned, model, baseline, settings),
      }
    }),
  )
  const line = (standing: Against['standing'], words: string): string[] => {
    const own = found.filter((one) => one.standing === standing)
    const names = [...new Set(own.map(({ baseline }) => baseline))]
    const each = names.map(
      (name) =>
        `${name} (${own
          .filter(({ baseline }) => baseline === name)
          .map(({ model }) => model)
          .join(', ')})`,
    )
    return each.length === 0 ? [] : [`${words}: ${each.join('; ')}`]
  }
  return [
    ...line('better', 'baselines that do better than a model'),
    ...line('not_distinguishable', 'baselines from which a model is not distinguishable, by the paired 95 % interval'),
  ]
}

/** Intervals that do not overlap are those of accuracies that differ, whatever their correlation; else null, and the pairs are asked. */
function apart(model: Standing, baseline: Standing): 'above' | 'better' | null {
  const [a, b] = [model.accuracy.ci.half, baseline.accuracy.ci.half]
  if (a === null || b === null) return null
  return a.low > b.high ? 'above' : a.high < b.low ? 'better' : null
}

function paired({ pairs }: Aligned, model: Scorer, baseline: Scorer, settings: BootstrapSettings): Against['standing'] {
  const place = { columns: pairs, rows: allRows(pairs.n), scope: `null:${baseline.name}`, subset: 'all', settings }
  return standingTo(halfDifference(place, model.margin, baseline.margin)) ?? 'above'
}
