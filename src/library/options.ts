import type { DtypeChoice } from '../model/dtype.ts'

/** The flags of `run-rm` and `run-dpo` that change a score, by the same names and with the same defaults. */
export interface ScoreOptions {
  /** `rm`: a reward model's head. `dpo`: a policy and `refModel`, or without one the policy alone. Default rm. */
  readonly kind?: 'rm' | 'dpo'
  /** Hub id or folder of the reference. */
  readonly refModel?: string
  /** Branch, tag or commit on the hub. Default main. */
  readonly revision?: string
  readonly refRevision?: string
  /** Hub id or folder of another tokenizer. */
  readonly tokenizer?: string
  /** `tokenizer`, `raw`, `pair`, a built-in name or a file of Jinja. Default tokenizer. */
  readonly chatTemplate?: string
  /**
   * `auto`, `cpu`, `cuda`, `cuda:N` or `webgpu`. Default auto. CUDA's libraries must be on LD_LIBRARY_PATH, and NVIDIA_TF32_OVERRIDE=0
   * must be set (unless dtype is tf32), when node starts: the commands see to that, a library cannot. A device that is found to compute
   * otherwise is a DeviceError.
   */
  readonly device?: string
  /** Default auto: fp32 on the CPU, the checkpoint's own half type on a GPU. `fp32` is never TF32; `tf32` is CUDA's, by name. */
  readonly dtype?: DtypeChoice
  /** `checkpoint` builds the graph from the safetensors, `onnx` runs a ready-made export. Default checkpoint where there are safetensors. */
  readonly graph?: 'checkpoint' | 'onnx'
  /** Which export, by path or name. Default model.onnx, else onnx/model.onnx. */
  readonly onnxFile?: string
  /** Label to read: its index, `softmax:K` or `all`. Default: the only one. */
  readonly head?: number | string
  /** Token that the head reads. Default hf. */
  readonly pooling?: 'hf' | 'mask'
  /** Tokens. Default: the model's own maximum. */
  readonly maxLength?: number
  /** Default skip. */
  readonly truncation?: 'skip' | 'left' | 'right' | 'error'
  /** `strip` cuts the thought before the model sees a completion. Default keep. */
  readonly reasoning?: 'keep' | 'strip'
  readonly hermCompat?: boolean
  /** Keys of the rows that are the prompt, the completions, the id and the subset. Default: prompt, chosen, rejected, id, subset. */
  readonly promptColumn?: string
  readonly chosenColumn?: string
  readonly rejectedColumn?: string
  readonly idColumn?: string
  readonly subsetColumn?: string
  /** Scale of the implicit reward. Default 0.1. */
  readonly beta?: number
  /** Default avg. */
  readonly refFreeType?: 'avg' | 'sum' | 'norm'
  /** Upper bounds of a batch: tokens, padding included, and completions. Default: by device. */
  readonly batchTokens?: number
  readonly batchSize?: number
  /** CPU threads. Default: one a core. */
  readonly threads?: number
  /** Nothing is fetched. Default: HF_HUB_OFFLINE. */
  readonly offline?: boolean
  /** Completions that are read before they are scored together; more make better batches. Default 1,024. */
  readonly window?: number
  /** Ends the iteration with its reason, after the batch in hand. */
  readonly signal?: AbortSignal
  /**
   * Called with what the bins say on screen: the device and why, files that were missing; and after the last row how rows were read, one
   * line per repair with its count (a second BOS, a template that leaves out part of a text or shows the date …), scores that are all equal.
   */
  readonly onNote?: (note: string) => void
}
