import type { Unscored } from './types.ts'

/** Whether there is a reason in place of what was to be made of a completion. */
export const isUnscored = (value: object): value is Unscored => 'reason' in value && 'message' in value
