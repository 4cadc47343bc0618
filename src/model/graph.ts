import type {
  Attribute,
  Dim,
  ElementType,
  ExternalBytes,
  GraphRecord,
  InitializerRecord,
  ModelRecord,
  NodeRecord,
  ValueRecord,
} from './onnx.ts'

/** The name of a tensor inside a graph. Shapes stand in comments: [tokens, hidden]. */
export type Value = string

export const MICROSOFT = 'com.microsoft'

/** Opset 23 has Attention and RMSNormalization; 20 brought Gelu. ONNX Runtime 1.30 reads up to 25. */
const OPSETS = { '': 23, [MICROSOFT]: 1 }

type Attributes = Readonly<Record<string, Attribute>>

/** Builds a graph node by node. Every method returns the name of the value that it made. */
export class Graph {
  readonly #nodes: NodeRecord[] = []
  readonly #initializers = new Map<string, InitializerRecord>()
  readonly #inputs: ValueRecord[] = []
  readonly #outputs: ValueRecord[] = []
  readonly #root: Graph
  #count = 0

  constructor(
    readonly name: string,
    outer: Graph | null = null,
  ) {
    this.#root = outer === null ? this : outer.#root
  }

  /** A loop's body. It sees the values of this graph by name; names stay unique over both. */
  body(name: string): Graph {
    return new Graph(name, this)
  }

  input(name: string, type: ElementType, dims: readonly Dim[], sequence = false): Value {
    this.#inputs.push({ name, type, dims, sequence })
    return name
  }

  output(name: string, type: ElementType, dims: readonly Dim[], from: Value, sequence = false): void {
    this.#nodes.push(this.#node('Identity', [from], [name], {}, ''))
    this.#outputs.push({ name, type, dims, sequence })
  }

  /** A standard operator with one output. */
  op(type: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.ops(type, inputs, 1, attributes)[0]!
  }

  /** A standard operator with several outputs. */
  ops(type: string, inputs: readonly Value[], outputs: number, attributes: Attributes = {}, domain = ''): Value[] {
    const names = Array.from({ length: outputs }, () => this.#fresh(type))
    this.#nodes.push(this.#node(type, inputs, names, attributes, domain))
    return names
  }

  /** An operator of ONNX Runtime's own domain with one output. */
  contrib(type: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    return this.ops(type, inputs, 1, attributes, MICROSOFT)[0]!
  }

  /** The same with the outputs named by use; '' leaves an output out. */
  contribOutputs(type: string, inputs: readonly Value[], wanted: readonly boolean[], attributes: Attributes): Value[] {
    const names = wanted.map((want) => (want ? this.#fresh(type) : ''))
    this.#nodes.push(this.#node(type, inputs, names, attributes, MICROSOFT))
    return names
  }

  /** A tensor whose bytes stay where they are, in the checkpoint. */
  external(name: string, type: ElementType, dims: readonly number[], data: ExternalBytes): Value {
    return this.#initializer({ name, type, dims, data })
  }

  /** An int64 vector [values.length]. Equal constants are stored once. */
  ints(values: readonly number[]): Value {
    const data = new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
    return this.#initializer({ name: `ints_${values.join('_')}`, type: 'int64', dims: [values.length], data })
  }

  /** An int64 scalar []. */
  int(value: number): Value {
    const data = new Uint8Array(BigInt64Array.of(BigInt(value)).buffer)
    return this.#initializer({ name: `int_${value}`, type: 'int64', dims: [], data })
  }

  /** A float32 scalar []. */
  float(value: number): Value {
    const data = new Uint8Array(Float32Array.of(value).buffer)
    return this.#initializer({ name: `float_${value}`, type: 'float', dims: [], data })
  }

  /** A small float32 tensor inside the model. */
  inline(name: string, dims: readonly number[], values: Float32Array<ArrayBuffer>): Value {
    return this.#initializer({ name, type: 'float', dims, data: new Uint8Array(values.buffer) })
  }

  model(): ModelRecord {
    return { graph: this.record(), opsets: OPSETS }
  }

  record(): GraphRecord {
    return {
      name: this.name,
      nodes: this.#nodes,
      initializers: [...this.#initializers.values()],
      inputs: this.#inputs,
      outputs: this.#outputs,
    }
  }

  /** Constants live in the outermost graph, so that loops do not carry copies. */
  #initializer(record: InitializerRecord): Value {
    if (!this.#root.#initializers.has(record.name)) this.#root.#initializers.set(record.name, record)
    return record.name
  }

  #fresh(type: string): Value {
    return `${type}_${this.#root.#count++}`
  }

  #node(
    op: string,
    inputs: readonly Value[],
    outputs: readonly Value[],
    attributes: Attributes,
    domain: string,
  ): NodeRecord {
    return { op, domain, name: this.#fresh(`node_${op}`), inputs, outputs, attributes }
  }
}
