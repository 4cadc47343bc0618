import type { Joined } from '../collect.ts'
import { changesNothing } from '../setup/unused.ts'
import type { FinishInput } from './finish.ts'

/** Options of which it shows only now that they changed nothing. */
export function withoutEffect({ config, work, subjects }: FinishInput, { unscored }: Joined): string[] {
  const lines: string[] = []
  const cuts = config.truncation === 'left' || config.truncation === 'right'
  const tooLong = work.some(({ truncated }) => truncated > 0) || unscored.some(({ reason }) => reason === 'too_long')
  if (cuts && work.length > 0 && !tooLong)
    lines.push(
      changesNothing(['truncation'], `no text has more than ${subjects[0]?.text.max_length ?? 'ever so many'} tokens`),
    )
  if (subjects[0]?.text.pooling === 'mask' && !work.some(({ repairs }) => repairs.pooling_differs !== undefined))
    lines.push(changesNothing(['pooling'], 'mask and hf read the same token of every text'))
  return lines
}
