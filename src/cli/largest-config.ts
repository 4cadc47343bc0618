/** Of a `--config` file, in bytes; RewardBench's own has 30 kB. */
export const LARGEST_BYTES = 1_000_000
