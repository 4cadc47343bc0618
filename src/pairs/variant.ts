import type { Variant } from '../types.ts'
import { checkName } from './characters.ts'
import { BadRecord } from './failure.ts'
import type { Notes } from './message.ts'

/**
 * What a completion's object says of how it was made: `transformation` (text) and `same` (true, false, 1, 0), with an optional `family`. null
 * where there is none of them; a transformation of which the data do not say whether the chemistry is the same is noted, and read as none.
 * @throws BadRecord where `same` is there and is neither
 */
export function variantOf(details: Readonly<Record<string, unknown>>, where: string, notes: Notes): Variant | null {
  const { transformation, same, family } = details
  if (typeof transformation !== 'string' || transformation === '') return null
  if (same === undefined || same === null) {
    notes.add('transformation_without_same')
    return null
  }
  const said = same === 1 ? true : same === 0 ? false : same
  if (typeof said !== 'boolean')
    throw new BadRecord(
      'wrong_type',
      `"${where}.same" is neither true nor false`,
      'It says whether the transformation leaves the chemistry as it was.',
    )
  return {
    transformation: checkName(transformation, `${where}.transformation`),
    same: said,
    family: typeof family === 'string' && family !== '' ? checkName(family, `${where}.family`) : null,
  }
}
