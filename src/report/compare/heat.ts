/** A share as a tint about one half: 0.5 → 0, 1 → 1, 0 → −1; null without a value. */
export const accuracyHeat = (share: number | null): number | null => (share === null ? null : 2 * share - 1)
