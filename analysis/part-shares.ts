import { ClusterDraws } from '../src/agreement/cluster-draws.ts'
import { allRows, clustersOf, coded } from '../src/agreement/columns.ts'
import type { BootstrapSettings } from '../src/agreement/intervals.ts'
import { type Ratio, ratios } from '../src/agreement/ratios.ts'
import type { Statistic } from '../src/types.ts'
import type { Attributed } from './attribute.ts'

/** A completion taken apart. */
export interface TakenApart {
  readonly cluster: string
  readonly role: string
  readonly pieces: readonly Attributed[]
}

/**
 * How much of the score hangs on each part (scope `attribution`, subset: the part), prompts resampled:
 * - abs_share: Σ |value| of its pieces / Σ |value| of all;
 * - piece_share: its pieces / all pieces, which abs_share would be if every piece weighed the same;
 * - mean_abs_value: mean |value| of its pieces;
 * - margin_part: mean over completions of the signed sum, chosen + and rejected −, × completions / pairs: of log-ratios the parts sum to the mean margin.
 */
export function partShares(all: readonly TakenApart[], settings: BootstrapSettings): Statistic[] {
  const prompts = coded(
    all.map(({ cluster }) => cluster),
    all.length,
  )
  const { cluster, clusters } = clustersOf(prompts, allRows(all.length))
  const draws = new ClusterDraws(clusters, settings)
  const parts = [...new Set(all.flatMap(({ pieces }) => pieces.map(({ part }) => part)))]
  const pairs = all.filter(({ role }) => role === 'chosen').length
  const column = (): Float64Array => new Float64Array(clusters)
  const [size, count, couples] = [column(), column(), column()]
  const missing = all.reduce((sum, { pieces }) => sum + pieces.filter(({ value }) => value === null).length, 0)
  const each = (visit: (piece: Attributed & { readonly value: number }, c: number, sign: number) => void): void => {
    for (const [i, { pieces, role }] of all.entries())
      for (const piece of pieces)
        if (piece.value !== null)
          visit({ ...piece, value: piece.value }, cluster[i]!, role === 'chosen' ? 1 : role === 'rejected' ? -1 : 0)
  }
  each(({ value }, c) => {
    size[c] = size[c]! + Math.abs(value)
    count[c] = count[c]! + 1
  })
  for (const [i, { role }] of all.entries()) if (role === 'chosen') couples[cluster[i]!] = couples[cluster[i]!]! + 1
  const pieces = count.reduce((a, b) => a + b, 0)
  return parts.flatMap((part) => {
    const [own, ownCount, signed] = [column(), column(), column()]
    each((piece, c, sign) => {
      if (piece.part !== part) return
      own[c] = own[c]! + Math.abs(piece.value)
      ownCount[c] = ownCount[c]! + 1
      signed[c] = signed[c]! + sign * piece.value
    })
    const common = { ties: 0, rows: count, all: pieces + missing, reason: 'every_value_is_0' }
    const list: Ratio[] = [
      { ...common, name: 'abs_share', counts: size, sums: own, share: true },
      { ...common, name: 'piece_share', counts: count, sums: ownCount, share: true },
      { ...common, name: 'mean_abs_value', counts: ownCount, sums: own, rows: ownCount, all: ownCount.reduce((a, b) => a + b, 0), share: false },
      ...(pairs === 0 ? [] : [{ ...common, name: 'margin_part', counts: couples, sums: signed, rows: couples, all: pairs, share: false }]),
    ]
    return ratios(list, { scope: 'attribution', subset: part }, draws)
  }) // biome-ignore format: one line each
}
