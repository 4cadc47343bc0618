/** What a row without a subset is called wherever people read it. In CSV files its cell is empty, as in the data. */
export const NO_SUBSET = '(none)'

/** @example subsetName('') // '(none)' */
export const subsetName = (subset: string): string => (subset === '' ? NO_SUBSET : subset)
