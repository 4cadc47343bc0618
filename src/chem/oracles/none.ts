import { OracleError } from './error.ts'

/** No oracle at all: every verdict that needs one is unverifiable. */
const decline = (what: string) => (): Promise<never> =>
  Promise.reject(new OracleError(`no ${what} oracle is configured`, 'declined'))

export const noOracles = {
  solubility: decline('solubility'),
  purchasable: decline('purchasability'),
  forwardReaction: decline('forward-reaction'),
}
