import { type Coded, Coder } from '../src/agreement/columns.ts'

/** Values of the first block of a column, and of the largest. */
const FIRST = 1 << 10
const LARGEST = 1 << 16

/**
 * Numbers that arrive one by one, in blocks: no value is copied until all are there, and the column then has a piece of memory of its exact
 * size, which threads can share. Memory while it grows: that of the numbers and a block.
 */
class Growing<Values extends Float64Array | Int32Array> {
  private readonly full: Values[] = []
  private last: Values
  private size = 0
  private readonly make: (buffer: ArrayBufferLike) => Values
  private readonly bytes: number

  constructor(make: (buffer: ArrayBufferLike) => Values, bytes: number) {
    this.make = make
    this.bytes = bytes
    this.last = make(new ArrayBuffer(FIRST * bytes))
  }
  push(value: number): void {
    if (this.size === this.last.length) {
      this.full.push(this.last)
      this.last = this.make(new ArrayBuffer(Math.min(LARGEST, 2 * this.size) * this.bytes))
      this.size = 0
    }
    this.last[this.size++] = value
  }
  done(): Values {
    const n = this.full.reduce((sum, block) => sum + block.length, this.size)
    const all = this.make(new SharedArrayBuffer(n * this.bytes))
    let at = 0
    for (const block of this.full) {
      all.set(block, at)
      at += block.length
    }
    all.set(this.last.subarray(0, this.size), at)
    return all
  }
}

/** Doubles, NaN = absent. */
export class Column extends Growing<Float64Array> {
  constructor() {
    super((buffer) => new Float64Array(buffer), 8)
  }
}
/** Strings that arrive one by one, coded. */
export class CodedColumn {
  private readonly coder = new Coder()
  private readonly codes = new Growing<Int32Array>((buffer) => new Int32Array(buffer), 4)
  push(name: string): void {
    this.codes.push(this.coder.add(name))
  }
  done(): Coded {
    return { code: this.codes.done(), names: this.coder.names }
  }
}
