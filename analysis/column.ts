import { type Coded, Coder } from '../src/agreement/columns.ts'

/** Values of the first block of a column, and of the largest. */
const FIRST = 1 << 4
const LARGEST = 1 << 16

/**
 * Numbers that arrive one by one, into memory that threads can share. With `capacity`, at least as many as will come, they stay where they are
 * put; else they are gathered in blocks, which are copied once.
 */
class Growing<Values extends Float64Array | Int32Array> {
  private readonly full: Values[] = []
  private last: Values
  private size = 0
  private readonly make: (buffer: ArrayBufferLike) => Values
  private readonly bytes: number
  private readonly capacity: number

  constructor(make: (buffer: ArrayBufferLike) => Values, bytes: number, capacity: number) {
    this.make = make
    this.bytes = bytes
    this.capacity = capacity
    // pages that no number reaches are never there
    this.last = make(capacity > 0 ? new SharedArrayBuffer(capacity * bytes) : new ArrayBuffer(FIRST * bytes))
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
    if (this.capacity > 0 && this.full.length === 0) return this.last.subarray(0, this.size) as Values
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
  constructor(capacity = 0) {
    super((buffer) => new Float64Array(buffer), 8, capacity)
  }
}
/** Strings that arrive one by one, coded. */
export class CodedColumn {
  private readonly coder: Coder
  private readonly codes: Growing<Int32Array>

  /** @param coder of columns that share their names */
  constructor(capacity = 0, coder: Coder = new Coder()) {
    this.coder = coder
    this.codes = new Growing((buffer) => new Int32Array(buffer), 4, capacity)
  }
  push(name: string): void {
    this.codes.push(this.coder.add(name))
  }
  done(): Coded {
    return { code: this.codes.done(), names: this.coder.names }
  }
}
