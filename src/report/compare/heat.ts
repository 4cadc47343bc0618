/** A share as a tint about one half: 0.5 → 0, 1 → 1, 0 → −1; null without a value. */
export const accuracyHeat = (share: number | null): number | null => (share === null ? null : 2 * share - 1)

/** A value of −1 … 1 as its own tint. */
export const signedHeat = (value: number | null): number | null =>
  value === null ? null : Math.max(-1, Math.min(1, value))
