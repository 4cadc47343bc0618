/** A set of pairs that ships, and what makes it again. */
export interface Benchmark {
  /** Paths in the package. */
  readonly molecules: string
  readonly without: readonly string[]
  readonly kinds: readonly string[]
  readonly n: number
  readonly seed: number
  /** Of the pairs as they ship, unpacked. */
  readonly sha256: string
}

export const BENCHMARKS: ReadonlyMap<string, Benchmark> = new Map([
  [
    'chem-pairs-v1',
    {
      molecules: 'src/embedded/chem-pairs-v1/molecules.smi.gz',
      without: ['scripts/training/train.jsonl.gz'],
      kinds: [
        'stereo_inversion',
        'regio_isomer',
        'isomer',
        'ch2',
        'element_swap',
        'counter_ion',
        'off_by_one',
        'leaving_group',
        'wrong_product',
      ],
      n: 2700,
      seed: 1,
      sha256: 'c595e241a630ffb7d122ab4196a9badbbabfd0baa144837fc55c0ad949dc1b4a',
    },
  ],
])
