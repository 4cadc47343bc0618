/** Class labels of two kinds: numbers or booleans (true = 1). */
export type BinaryLabels = ArrayLike<number | boolean>

/** The distinct labels, ascending; null for more than two, or one that is no whole number (scikit-learn: "continuous"). */
export function distinctLabels(labels: BinaryLabels): readonly number[] | null {
  const seen: number[] = []
  for (let i = 0; i < labels.length; i++) {
    const label = Number(labels[i])
    if (seen.includes(label)) continue
    if (seen.length === 2 || !Number.isInteger(label)) return null
    seen.push(label)
  }
  return seen.sort((a, b) => a - b)
}

/** 1 where the label is `positive`, else 0. */
export function indicator(labels: BinaryLabels, positive: number): Uint8Array {
  const out = new Uint8Array(labels.length)
  for (let i = 0; i < labels.length; i++) out[i] = Number(labels[i]) === positive ? 1 : 0
  return out
}

/** 1 for the label 1 (or true), 0 for 0 or −1 (scikit-learn's default positive class); null for any other label. */
export function zeroOne(labels: BinaryLabels): Uint8Array | null {
  const distinct = distinctLabels(labels)
  if (distinct === null) return null
  const usual = distinct.every((l) => l === 0 || l === 1) || distinct.every((l) => l === -1 || l === 1)
  return usual ? indicator(labels, 1) : null
}
