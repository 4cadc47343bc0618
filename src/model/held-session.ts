import type * as ort from 'onnxruntime-node'
import type { GraphSession } from './threaded.ts'

/** What a run takes over from an earlier one and leaves for a later one. It stays with the session and crosses no thread. */
export interface Carry {
  /** The earlier run, and how many of the tokens that it kept are taken, from the first on; null: none, and the feeds say so. */
  readonly from: { readonly run: number; readonly tokens: number } | null
  /** Under which number a later run finds what this one keeps; null: it keeps nothing, and what was kept before stays. */
  readonly as: number | null
  /** By the input that takes it, the output that keeps it. */
  readonly outputs: ReadonlyMap<string, string>
}

/** The message of a run that wants what an earlier one did not leave: that one failed, or another came in between. */
export const NOTHING_KEPT = 'the run whose keys and values are taken over left none'

/** A session of ONNX Runtime that holds what a run keeps until another one keeps something. */
export class HeldSession implements GraphSession {
  #kept: { readonly run: number; readonly inputs: Readonly<Record<string, ort.Tensor>> } | null = null

  constructor(
    readonly session: ort.InferenceSession,
    /** onnxruntime-node's, which is loaded only where a session is. */
    readonly Tensor: typeof ort.Tensor,
  ) {}

  async run(
    feeds: Readonly<Record<string, ort.Tensor>>,
    outputs: readonly string[],
    carry?: Carry,
  ): Promise<Readonly<Record<string, ort.Tensor>>> {
    if (carry === undefined) return this.session.run(feeds, outputs)
    const taken = carry.from === null ? {} : this.#taken(carry.from)
    const keeps = carry.as === null ? [] : [...carry.outputs.values()]
    const found = await this.session.run({ ...feeds, ...taken }, [...outputs, ...keeps])
    if (carry.as !== null) {
      const inputs = Object.fromEntries([...carry.outputs].map(([input, output]) => [input, found[output]!]))
      this.#kept = { run: carry.as, inputs }
    }
    return Object.fromEntries(outputs.map((name) => [name, found[name]!]))
  }

  async release(): Promise<void> {
    this.#kept = null
    await this.session.release()
  }

  /** The first rows of what a run kept. @throws Error where it is gone */
  #taken({ run, tokens }: NonNullable<Carry['from']>): Record<string, ort.Tensor> {
    if (this.#kept?.run !== run) throw new Error(NOTHING_KEPT)
    return Object.fromEntries(
      Object.entries(this.#kept.inputs).map(([name, { data, dims }]) => {
        const width = dims[1]!
        return [name, new this.Tensor('float32', (data as Float32Array).subarray(0, tokens * width), [tokens, width])]
      }),
    )
  }
}
