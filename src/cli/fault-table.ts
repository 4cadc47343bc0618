import { type FaultLine, isPart } from '../agreement/faults.ts'
import { percent, textTable } from '../report/table.ts'

/** The table that a run leads with: accuracy by why the rejected answer is wrong, and the mix. */
export function faultTable(lines: readonly FaultLine[], scored: boolean): string {
  const numbers = scored ? ['strict', 'half', '95 % CI (half)', 'ties', 'pairs'] : ['pairs']
  return textTable(
    ['why the rejected is wrong', ...numbers, 'share'],
    lines.map((line) => {
      const { title, strict, half, share } = line
      return [
        isPart(line, lines) ? `  ${title}` : title,
        ...(scored
          ? [percent(strict.value), percent(half.value), range(half.ciLow, half.ciHigh), String(half.ties)]
          : []),
        String(scored ? half.n : half.n + half.missing),
        share === null ? '' : percent(share.value),
      ]
    }),
  )
}

const range = (low: number | null, high: number | null): string =>
  low === null || high === null ? '–' : `${(low * 100).toFixed(1)} – ${(high * 100).toFixed(1)}`
