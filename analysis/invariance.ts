import type { BootstrapSettings } from '../src/agreement/intervals.ts'
import { asMoved, type MovedCompletion, type MovedGroup } from '../src/agreement/invariance/moves.ts'
import { invarianceStatistics } from '../src/agreement/invariance/statistics.ts'
import type { Statistic } from '../src/types.ts'
import { kindOf, type Run } from './runs.ts'

/** Scope `invariance` of a run whose scores.csv says how the completions of its groups were made; as the run itself has it. */
export function invarianceOfRun(run: Run, settings: BootstrapSettings): Statistic[] {
  const { groups = [], completions } = run
  const { variants, score, reward } = completions
  if (variants === undefined || kindOf(run) === 'verifier') return []
  const value = (column: Float64Array, i: number): number | null => (Number.isNaN(column[i]!) ? null : column[i]!)
  const { transformation, same, family } = variants
  const moved = groups.flatMap(({ cluster, rows }): MovedGroup[] => {
    const known = rows.flatMap((i): MovedCompletion[] => {
      const name = transformation.names[transformation.code[i]!]!
      if (name === '' || Number.isNaN(same[i]!)) return []
      return [
        {
          transformation: name,
          family: family.names[family.code[i]!]! || null,
          same: same[i] === 1,
          score: value(score, i),
          reward: value(reward, i),
        },
      ]
    })
    return known.length < 2 ? [] : [asMoved(cluster, known)]
  })
  return invarianceStatistics(moved, settings)
}
