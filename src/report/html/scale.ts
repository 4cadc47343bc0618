import type { RunRecord } from './input.ts'

/** What stands at the axis of scores. @example 'implicit reward, β = 0.1 (nats)'; 'learned score' where there is no unit */
export const scoreAxis = ({ scale }: Pick<RunRecord, 'scale'>): string =>
  withUnit(scale?.name ?? 'learned score', scale?.unit ?? null)

/** The same of a difference of two scores. @example unitOf(run, 'margin') // 'margin (nats)' */
export const differenceAxis = ({ scale }: Pick<RunRecord, 'scale'>, name: string): string =>
  withUnit(name, scale?.unit ?? null)

/** A sentence on what scores and margins are; nothing where they have no unit. */
export const scaleSentence = ({ scale }: Pick<RunRecord, 'scale'>): string =>
  scale === undefined ? '' : `A score is the ${scale.name}${scale.unit === null ? '' : `, in ${scale.unit}`}.`

const withUnit = (name: string, unit: string | null): string => (unit === null ? name : `${name} (${unit})`)
