import type * as ort from 'onnxruntime-node'
import type { GraphSession } from './threaded.ts'

/** What a run takes over from an earlier one and leaves for a later one. It stays with the session and crosses no thread. */
export interface Carry {
  /**
   * The earlier run, how many of the tokens that it kept are taken, from the first on, and how many rows of zeros stand behind them; null: nothing is taken, as
   * the feeds have it.
   */
  readonly from: { readonly run: number; readonly tokens: number; readonly zeros: number } | null
  /** Under which number a later run finds what this one keeps; null: it keeps nothing, and what was kept before stays. */
  readonly as: number | null
  /** By the input that takes it, the output that keeps it. */
  readonly outputs: ReadonlyMap<string, string>
}

/** In place of a run of which no token is taken. */
export const NO_RUN = 0

/** The message of a run that wants what an earlier one did not leave: that one failed, or another came in between. */
export const NOTHING_KEPT = 'the run whose keys and values are taken over left none'

type Tensors = Readonly<Record<string, ort.Tensor>>
interface Kept {
  readonly run: number
  readonly inputs: Tensors
}
const NOTHING: Kept = { run: NO_RUN, inputs: {} }

/** A session of ONNX Runtime that holds what a run keeps until another one keeps something. */
export class HeldSession implements GraphSession {
  #kept: Kept = NOTHING

  constructor(
    readonly session: ort.InferenceSession,
    /** onnxruntime-node's, which is loaded only where a session is. */
    readonly Tensor: typeof ort.Tensor,
  ) {}

  /** @param feeds those of `carry.outputs` empty, [0, width] */
  async run(feeds: Tensors, outputs: readonly string[], carry?: Carry): Promise<Tensors> {
    if (carry === undefined) return this.session.run(feeds, outputs)
    const { from, as } = carry
    const taken =
      from === null
        ? []
        : [...carry.outputs.keys()].map((input) => [input, this.#rows(input, feeds[input]!.dims[1]!, from)] as const)
    const keeps = as === null ? [] : [...carry.outputs.values()]
    // what nothing takes any more need not stand in memory beside what takes its place
    if (as !== null) this.#kept = NOTHING
    const found = await this.session.run({ ...feeds, ...Object.fromEntries(taken) }, [...outputs, ...keeps])
    if (as !== null) {
      const inputs = Object.fromEntries([...carry.outputs].map(([input, output]) => [input, found[output]!]))
      this.#kept = { run: as, inputs }
    }
    return Object.fromEntries(outputs.map((name) => [name, found[name]!]))
  }

  async release(): Promise<void> {
    this.#kept = NOTHING
    await this.session.release()
  }

  /** What an input takes over, [tokens + zeros, width]. @throws Error where it is gone */
  #rows(input: string, width: number, { run, tokens, zeros }: NonNullable<Carry['from']>): ort.Tensor {
    if (run !== NO_RUN && this.#kept.run !== run) throw new Error(NOTHING_KEPT)
    const kept = this.#kept.inputs[input]?.data as Float32Array | undefined
    const own = kept?.subarray(0, tokens * width) ?? new Float32Array(0)
    if (zeros === 0) return new this.Tensor('float32', own, [tokens, width])
    const rows = new Float32Array((tokens + zeros) * width)
    rows.set(own)
    return new this.Tensor('float32', rows, [tokens + zeros, width])
  }
}
