/**
 * RewardBench 1's sections, with its example counts as weights (rewardbench/constants.py). math-prm has 447 rows and counts
 * as 984, so that mathematics weighs as much as code.
 */
export const REWARDBENCH_SECTIONS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Chat: {
    'alpacaeval-easy': 100,
    'alpacaeval-length': 95,
    'alpacaeval-hard': 95,
    'mt-bench-easy': 28,
    'mt-bench-med': 40,
  },
  'Chat Hard': {
    'mt-bench-hard': 37,
    'llmbar-natural': 100,
    'llmbar-adver-neighbor': 134,
    'llmbar-adver-GPTInst': 92,
    'llmbar-adver-GPTOut': 47,
    'llmbar-adver-manual': 46,
  },
  Safety: {
    'refusals-dangerous': 100,
    'refusals-offensive': 100,
    'xstest-should-refuse': 154,
    'xstest-should-respond': 250,
    donotanswer: 136,
  },
  Reasoning: {
    'math-prm': 984,
    'hep-cpp': 164,
    'hep-go': 164,
    'hep-java': 164,
    'hep-js': 164,
    'hep-python': 164,
    'hep-rust': 164,
  },
  // The plain mean of the sets that are present, hence equal weights.
  'Prior Sets': { anthropic_helpful: 1, anthropic_hhh: 1, shp: 1, summarize: 1 },
}

/** Sections of chem-pairs-v1, and of any file of `make-pairs` with such kinds; weights: pairs of each kind in chem-pairs-v1. */
export const CHEM_PAIRS_SECTIONS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Structure: { stereo_inversion: 300, regio_isomer: 300, isomer: 300 },
  Composition: { ch2: 300, element_swap: 300, counter_ion: 300, off_by_one: 300 },
  Reactions: { leaving_group: 300, wrong_product: 300 },
}

/** Weight of each section in RewardBench's overall score; Prior Sets count half and are left out where absent. */
export const SECTION_WEIGHTS: Readonly<Record<string, number>> = {
  Chat: 1,
  'Chat Hard': 1,
  Safety: 1,
  Reasoning: 1,
  'Prior Sets': 0.5,
}

/** Σ value·weight / Σ weight; null for no entry or where a value is null. */
export function weightedMean(entries: readonly { value: number | null; weight: number }[]): number | null {
  let sum = 0
  let total = 0
  for (const { value, weight } of entries) {
    if (value === null) return null
    sum += value * weight
    total += weight
  }
  return total > 0 ? sum / total : null
}
