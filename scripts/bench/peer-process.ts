import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { packagePath } from '../../src/package.ts'
import type { Sequence } from '../../src/types.ts'

/** What peer-torch.py says of one task: seconds of its own process, one number per sequence, its peak resident memory so far. */
export interface PeerAnswer {
  readonly cpu: number
  readonly wall: number
  readonly scores: readonly number[]
  readonly peakMb: number
}
export interface Peer {
  /** Versions and threads, for the headline. */
  readonly what: string
  /** Its float32 matrix products, GFLOP per CPU second; null on a GPU. */
  readonly matmulPeak: number | null
  /** @param passes models run in turn: 1, or 2 for policy and reference */
  score(batches: readonly (readonly number[])[], sequences: readonly Sequence[], passes: number): Promise<PeerAnswer>
  close(): void
}

/** A Python script that answers each line with one. */
interface Child {
  /** Versions and threads, for the headline. */
  readonly what: string
  readonly matmulPeak: number | null
  ask(task: unknown): Promise<unknown>
  close(): void
}

interface Hello {
  readonly torch: string
  readonly transformers: string
  readonly threads: number
  /** Of those that score texts. */
  readonly matmulPeak?: number | null
}

/** ◆ transformers in a child process that waits for lines, so that its rounds can stand between ours. */
export async function openChild(
  python: string,
  script: string,
  args: readonly string[],
  threads: number,
): Promise<Child> {
  const child = spawn(python, [packagePath('scripts/bench', script), ...args, String(threads)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: String(threads), HF_HUB_OFFLINE: '1', TRANSFORMERS_VERBOSITY: 'error' },
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const failed = new Promise<never>((_, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`${python} ended with ${code}`)))
  })
  failed.catch(() => {}) // whoever waits for a line hears of it
  const next = async (): Promise<unknown> => JSON.parse((await Promise.race([lines.next(), failed])).value as string)
  const { torch, transformers, threads: used, matmulPeak = null } = (await next()) as Hello
  return {
    what: `torch ${torch}, transformers ${transformers}, ${used} threads`,
    matmulPeak,
    ask(task) {
      child.stdin.write(`${JSON.stringify(task)}\n`)
      return next()
    },
    close: () => {
      child.stdin.end()
    },
  }
}

/** transformers as it measures texts (peer-torch.py). */
export async function openPeer(
  python: string,
  folder: string,
  head: 'score' | 'logProb',
  threads: number,
): Promise<Peer> {
  const { what, matmulPeak, ask, close } = await openChild(python, 'peer-torch.py', [folder, head], threads)
  return {
    what,
    matmulPeak,
    close,
    async score(batches, sequences, passes) {
      const ids = sequences.map((sequence) => [...sequence.ids])
      const starts = sequences.map(({ reads }) => reads[0])
      return (await ask({ sequences: ids, starts, batches, passes })) as PeerAnswer
    },
  }
}
