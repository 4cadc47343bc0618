import type { Products } from '../flops.ts'

/** What score.ts --json writes. */
export interface ScoreBench {
  readonly pairsPerRound: number
  readonly peer: string
  /** GFLOP/s of float32 matrix products, by wall and CPU time. */
  readonly matmulPeak: { readonly wall: number; readonly cpu: number }
  /** torch's, per CPU second. */
  readonly peerMatmulPeak: number
  readonly weightBytes: number
  readonly peakMb: { readonly before: number; readonly ours: number; readonly peer: number }
  readonly ways: readonly {
    readonly name: string
    readonly ours: boolean
    readonly worstDifference: number
    readonly rounds: readonly Scored[]
  }[]
}
/** A round: seconds, CPU of all threads; tokens computed, padding counts; what was multiplied for them. */
interface Scored {
  readonly cpu: number
  readonly wall: number
  readonly tokens: number
  readonly products: Products
}

/** One line of the table, with what it was made of. */
export interface Row {
  readonly title: string
  /** Theirs over ours, CPU time, a number per round. */
  readonly againstRewardBench: readonly number[]
  readonly againstSorted: readonly number[] | null
  /** Share of the matrix products' peak that was reached: by the linear layers and logits alone, and with attention's own products. */
  readonly ofPeak: { readonly linear: number; readonly all: number } | null
  readonly peakMb: { readonly ours: number; readonly peer: number }
  readonly worstDifference: number
  readonly flips: number | null
  /** Wall time of theirs over ours per round. */
  readonly wall: readonly number[]
  readonly raw: unknown
}

export function rowOf(title: string, bench: ScoreBench): Row {
  const [rewardBench, sorted] = bench.ways.filter(({ ours }) => !ours)
  const ours = bench.ways.find((way) => way.ours)!
  const ratios = (way: ScoreBench['ways'][number], clock: 'cpu' | 'wall'): number[] =>
    ours.rounds.map((spent, round) => way.rounds[round]![clock] / spent[clock])
  const sum = (of: (round: Scored) => number): number => ours.rounds.reduce((total, round) => total + of(round), 0)
  const share = (of: (made: Products) => number): number =>
    sum(({ products }) => of(products)) / 1e9 / sum(({ cpu }) => cpu) / bench.matmulPeak.cpu
  return {
    title,
    againstRewardBench: ratios(rewardBench!, 'cpu'),
    againstSorted: ratios(sorted!, 'cpu'),
    ofPeak: {
      linear: share(({ layers, logits }) => layers + logits),
      all: share(({ layers, logits, attention }) => layers + logits + attention),
    },
    peakMb: { ours: bench.peakMb.ours, peer: bench.peakMb.peer },
    worstDifference: ours.worstDifference,
    flips: null,
    wall: ratios(rewardBench!, 'wall'),
    raw: bench,
  }
}

const spread = (values: readonly number[] | null): string => {
  if (values === null) return '–'
  const sorted = [...values].sort((a, b) => a - b)
  return `${sorted[sorted.length >> 1]!.toFixed(2)} [${sorted[0]!.toFixed(2)}..${sorted.at(-1)!.toFixed(2)}]`
}
const percent = (share: number | undefined): string => (share === undefined ? '–' : `${(100 * share).toFixed(0)} %`)
const gigabytes = (mb: number): string => (mb / 1024).toFixed(2)

/** Markdown: medians and ranges over the rounds. */
export const tableOf = (rows: readonly Row[]): string =>
  [
    '| CPU time, theirs over ours | RewardBench | transformers, sorted by length | of the matmul peak, layers alone | with attention | peak memory, GiB, ours / theirs | largest difference | flips |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows.map(
      ({ title, againstRewardBench, againstSorted, ofPeak, peakMb, worstDifference, flips }) =>
        `| ${title} | ${spread(againstRewardBench)} | ${spread(againstSorted)} | ${percent(ofPeak?.linear)} | ${percent(ofPeak?.all)} | ${gigabytes(peakMb.ours)} / ${gigabytes(peakMb.peer)} | ${worstDifference.toExponential(1)} | ${flips ?? '–'} |`,
    ),
  ].join('\n')
