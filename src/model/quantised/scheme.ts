import type { Dtype } from '../../types.ts'

/** How the rows of a weight matrix are stored in few bits. */
export interface Blocks {
  readonly bits: 8 | 4
  /** Neighbours of a row of the weight that share a scale, along the inputs. */
  readonly block: number
  /** `false`: each block has a zero point of its own beside its scale. */
  readonly symmetric: boolean
}

/** How the weights of a model are: those of its linear layers, and those of its logits. Activations stay float32. */
export interface Scheme extends Blocks {
  /** Bits of the matrix of a causal head, in the same blocks. */
  readonly logits: 8 | 4
}

/** Chosen by drift on trained weights (../README.md, "Few bits"). A change here is another scheme: nothing measured before is reused. */
export const SCHEMES: Readonly<Record<'q8' | 'q4', Scheme>> = {
  q8: { bits: 8, block: 32, symmetric: false, logits: 8 },
  q4: { bits: 4, block: 32, symmetric: false, logits: 8 },
}

/** The scheme of a number format; null where weights are not quantised. */
export const schemeOf = (dtype: Dtype): Scheme | null => (dtype === 'q8' || dtype === 'q4' ? SCHEMES[dtype] : null)

/** As it stands in keys and manifests. @example schemeName(SCHEMES.q8) // 'uint8 block 32 with zero points' */
export const schemeName = ({ bits, block, symmetric, logits }: Scheme): string =>
  `${symmetric ? 'int' : 'uint'}${bits} block ${block} ${symmetric ? 'symmetric' : 'with zero points'}${logits === bits ? '' : `, logits in ${logits} bits`}`

/** Bytes of one row of `inputs` weights: packed, scales, zero points. Blocks at the end of a row are filled up. */
export function rowBytes(
  { bits, block, symmetric }: Blocks,
  inputs: number,
): {
  readonly blocks: number
  readonly packed: number
  readonly scales: number
  readonly zeros: number
} {
  const blocks = Math.ceil(inputs / block)
  return {
    blocks,
    packed: (blocks * block * bits) / 8,
    scales: 4 * blocks,
    zeros: symmetric ? 0 : Math.ceil((blocks * bits) / 8),
  }
}
