import type { FaultLine } from '../agreement/faults.ts'
import { percent, textTable } from '../report/table.ts'
import type { Fault } from '../types.ts'

/** Levels in which both answers are well-formed, unless the chosen one is not. */
const INSIDE: ReadonlySet<FaultLine['level']> = new Set<Fault>([
  'near_miss',
  'wrong',
  'wrong_or_near_miss',
  'implausible',
  'right',
])

/** The table that a run leads with: accuracy by why the rejected answer is wrong, and the mix. */
export function faultTable(lines: readonly FaultLine[], scored: boolean): string {
  const both = lines.some(({ level }) => level === 'both_well_formed')
  return textTable(
    ['why the rejected is wrong', ...(scored ? ['accuracy', '95 % CI', 'ties', 'pairs'] : ['pairs']), 'share'],
    lines.map(({ level, title, half, share }) => [
      both && INSIDE.has(level) ? `  ${title}` : title,
      ...(scored ? [percent(half.value), range(half.ciLow, half.ciHigh), String(half.ties)] : []),
      String(scored ? half.n : half.n + half.missing),
      share === null ? '' : percent(share.value),
    ]),
  )
}

const range = (low: number | null, high: number | null): string =>
  low === null || high === null ? '–' : `${(low * 100).toFixed(1)} – ${(high * 100).toFixed(1)}`
