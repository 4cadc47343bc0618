import { type Coded, Coder } from '../src/agreement/columns.ts'

/** Numbers that arrive one by one: doubles its buffer, NaN = absent. */
export class Column {
  private data = new Float64Array(1024)
  private size = 0
  push(value: number): void {
    if (this.size === this.data.length) {
      const larger = new Float64Array(this.size * 2)
      larger.set(this.data)
      this.data = larger
    }
    this.data[this.size++] = value
  }
  done(): Float64Array {
    return this.data.slice(0, this.size)
  }
}
/** Strings that arrive one by one, coded. */
export class CodedColumn {
  private readonly coder = new Coder()
  private readonly codes = new Column()
  /** @returns the name as it is kept */
  push(name: string): string {
    const code = this.coder.add(name)
    this.codes.push(code)
    return this.coder.names[code]!
  }
  done(): Coded {
    return { code: Int32Array.from(this.codes.done()), names: this.coder.names }
  }
}
