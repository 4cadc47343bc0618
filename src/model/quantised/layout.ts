import type { WeightScale } from '../float8.ts'
import type { ExternalBytes } from '../onnx.ts'
import type { TensorRef } from '../safetensors.ts'
import type { Linear } from '../spec.ts'
import { type Blocks, rowBytes, type Scheme } from './scheme.ts'

/** Stands for the file of quantised weights in a graph that is built and not started yet: where it lies is known then (file.ts). */
export const QUANTISED_FILE = '<quantised>'

/** Parts of the file begin at multiples of it, in bytes: a cache line, and what vector instructions like. */
const ALIGNMENT = 64

/** A weight matrix [rows, inputs] to be quantised, and where its parts go in the file. */
export interface QuantisedMatrix {
  readonly ref: TensorRef
  /** Of weights in FP8. */
  readonly scale: WeightScale | null
  readonly layout: Linear['layout']
  /** First of its rows in the tensor (columns, where that is stored `in,out`). */
  readonly first: number
  readonly rows: number
  readonly inputs: number
  readonly blocks: Blocks
  /** Byte offsets in the file. */
  readonly packed: number
  readonly scales: number
  readonly zeros: number
}

/** Plans the file of quantised weights from shapes alone. The same checkpoint and scheme give the same file. */
export class QuantisedLayout {
  readonly #matrices = new Map<string, QuantisedMatrix>()
  #end = 0

  constructor(readonly scheme: Scheme) {}

  /** The place of a matrix; asked for again, the same place. */
  add(matrix: Omit<QuantisedMatrix, 'packed' | 'scales' | 'zeros'>): QuantisedMatrix {
    const { ref, layout, first, rows, inputs, blocks } = matrix
    const key = `${ref.name}[${first}:${first + rows}] ${layout} ${blocks.bits}`
    const known = this.#matrices.get(key)
    if (known !== undefined) return known
    const bytes = rowBytes(blocks, inputs)
    const placed: QuantisedMatrix = {
      ...matrix,
      packed: this.#take(rows * bytes.packed),
      scales: this.#take(rows * bytes.scales),
      zeros: this.#take(rows * bytes.zeros),
    }
    this.#matrices.set(key, placed)
    return placed
  }

  get matrices(): readonly QuantisedMatrix[] {
    return [...this.#matrices.values()]
  }

  /** Size of the file, bytes. */
  get sizeBytes(): number {
    return this.#end
  }

  /** Weights that are quantised. */
  get parameters(): number {
    return this.matrices.reduce((sum, { rows, inputs }) => sum + rows * inputs, 0)
  }

  /** Where the parts of some rows of a matrix lie. */
  rows(matrix: QuantisedMatrix, first: number, count: number): Record<'packed' | 'scales' | 'zeros', ExternalBytes> {
    const bytes = rowBytes(matrix.blocks, matrix.inputs)
    const part = (name: 'packed' | 'scales' | 'zeros'): ExternalBytes => ({
      file: QUANTISED_FILE,
      offset: matrix[name] + first * bytes[name],
      length: count * bytes[name],
    })
    return { packed: part('packed'), scales: part('scales'), zeros: part('zeros') }
  }

  #take(bytes: number): number {
    const at = this.#end
    this.#end = Math.ceil((at + bytes) / ALIGNMENT) * ALIGNMENT
    return at
  }
}
