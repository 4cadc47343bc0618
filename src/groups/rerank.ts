/**
 * Index of the completion with the highest score; the lower index where scores are equal. A missing score (null, NaN) cannot win; null
 * where all are missing. Reranking by a reward model, as in Luong et al. 2024 (ReFT), arXiv:2401.08967, §4.2.
 * @example rerank([0.2, null, 1.5, 1.5]) // 2
 */
export function rerank(scores: readonly (number | null)[]): number | null {
  let best: number | null = null
  for (const [index, score] of scores.entries()) {
    if (score === null || Number.isNaN(score)) continue
    if (best === null || score > scores[best]!) best = index
  }
  return best
}

/**
 * How many completions share the highest score: 1 where there is no tie, 0 where all scores are missing.
 * @example sharingTop([0.2, null, 1.5, 1.5]) // 2
 */
export function sharingTop(scores: readonly (number | null)[]): number {
  const best = rerank(scores)
  return best === null ? 0 : scores.filter((score) => score === scores[best]).length
}
