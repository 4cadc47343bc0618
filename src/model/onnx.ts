/**
 * ONNX models as plain records, and the protobuf bytes of them. Only what our graphs need of onnx.proto3
 * (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3); field numbers stand where they are written.
 */

/** TensorProto.DataType */
export const ELEMENT = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  double: 11,
  bfloat16: 16,
  float8e4m3fn: 17,
} as const
export type ElementType = keyof typeof ELEMENT

/** A fixed size, or the name of a size that varies from run to run. */
export type Dim = number | string

/** Int, string and ints as they are; floats and bodies by name, because 1 and 1.0 are the same number in JavaScript. */
export type Attribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly body: GraphRecord }

export interface NodeRecord {
  readonly op: string
  /** '' is the standard domain. */
  readonly domain: string
  readonly name: string
  /** '' leaves an optional input or output out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** Bytes that lie in another file. */
export interface ExternalBytes {
  readonly file: string
  readonly offset: number
  readonly length: number
}

export interface InitializerRecord {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly number[]
  /** Little-endian, row-major. */
  readonly data: Uint8Array | ExternalBytes
}

export interface ValueRecord {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly Dim[]
  /** A sequence of such tensors (a loop's state). */
  readonly sequence?: boolean
}

export interface GraphRecord {
  readonly name: string
  readonly nodes: readonly NodeRecord[]
  readonly initializers: readonly InitializerRecord[]
  readonly inputs: readonly ValueRecord[]
  readonly outputs: readonly ValueRecord[]
}

export interface ModelRecord {
  readonly graph: GraphRecord
  /** Operator set version by domain. */
  readonly opsets: Readonly<Record<string, number>>
}

/** ONNX's IR version 10 (ONNX 1.16), the oldest with every feature used here. */
const IR_VERSION = 10

/**
 * The model as bytes of ModelProto.
 * @param locate maps an external file to the `location` that ONNX Runtime resolves against its weights folder
 */
export function encodeModel(model: ModelRecord, locate: (file: string) => string): Uint8Array {
  const message = new Message().int(1, IR_VERSION).text(2, 'chemherm').message(7, encodeGraph(model.graph, locate))
  for (const [domain, version] of Object.entries(model.opsets))
    message.message(8, new Message().text(1, domain).int(2, version))
  return message.bytes()
}

/** The fields of a GraphProto; after those of another graph they add to it. */
export function encodeGraph(graph: GraphRecord, locate: (file: string) => string): Message {
  const message = new Message()
  for (const node of graph.nodes) message.message(1, encodeNode(node, locate))
  message.text(2, graph.name)
  for (const tensor of graph.initializers) message.message(5, encodeTensor(tensor, locate))
  for (const value of graph.inputs) message.message(11, encodeValue(value))
  for (const value of graph.outputs) message.message(12, encodeValue(value))
  return message
}

function encodeNode(node: NodeRecord, locate: (file: string) => string): Message {
  const message = new Message()
  for (const input of node.inputs) message.text(1, input)
  for (const output of node.outputs) message.text(2, output)
  message.text(3, node.name).text(4, node.op).text(7, node.domain)
  for (const [name, value] of Object.entries(node.attributes)) message.message(5, encodeAttribute(name, value, locate))
  return message
}

/** AttributeProto: field 20 is AttributeType (1 float, 2 int, 3 string, 5 graph, 7 ints). */
function encodeAttribute(name: string, value: Attribute, locate: (file: string) => string): Message {
  const message = new Message().text(1, name)
  if (typeof value === 'number') return message.int(3, value).int(20, 2)
  if (typeof value === 'string') return message.text(4, value).int(20, 3)
  if ('float' in value) return message.float(2, value.float).int(20, 1)
  if ('body' in value) return message.message(6, encodeGraph(value.body, locate)).int(20, 5)
  for (const item of value) message.int(8, item)
  return message.int(20, 7)
}

/** TensorProto: raw_data (9), or external_data (13) with data_location (14) = EXTERNAL. */
function encodeTensor(tensor: InitializerRecord, locate: (file: string) => string): Message {
  const message = new Message()
  for (const dim of tensor.dims) message.int(1, dim)
  message.int(2, ELEMENT[tensor.type]).text(8, tensor.name)
  if (tensor.data instanceof Uint8Array) return message.field(9, tensor.data)
  const { file, offset, length } = tensor.data
  for (const [key, value] of Object.entries({ location: locate(file), offset, length }))
    message.message(13, new Message().text(1, key).text(2, String(value)))
  return message.int(14, 1)
}

/** ValueInfoProto of a tensor, or of a sequence of tensors. */
function encodeValue(value: ValueRecord): Message {
  const shape = new Message()
  for (const dim of value.dims)
    shape.message(1, typeof dim === 'number' ? new Message().int(1, dim) : new Message().text(2, dim))
  const tensor = new Message().message(1, new Message().int(1, ELEMENT[value.type]).message(2, shape))
  const type = value.sequence === true ? new Message().message(4, new Message().message(1, tensor)) : tensor
  return new Message().text(1, value.name).message(2, type)
}

const UTF8 = new TextEncoder()

/** Bytes that a message begins with: most are a node's or a name's. */
const SMALL = 64

/** A protobuf message under construction: one buffer that doubles, for a graph has tens of thousands of fields. */
export class Message {
  #bytes = new Uint8Array(SMALL)
  #length = 0

  /** Varint field; integers ≥ 0 or −1 (which protobuf writes as ten bytes). */
  int(field: number, value: number): this {
    this.#varint(field * 8)
    this.#varint(value)
    return this
  }
  float(field: number, value: number): this {
    this.#varint(field * 8 + 5)
    return this.#push(new Uint8Array(Float32Array.of(value).buffer))
  }
  text(field: number, value: string): this {
    return this.field(field, UTF8.encode(value))
  }
  field(field: number, value: Uint8Array): this {
    this.#varint(field * 8 + 2)
    this.#varint(value.length)
    return this.#push(value)
  }
  message(field: number, value: Message): this {
    return this.field(field, value.#bytes.subarray(0, value.#length))
  }
  /** Fields that are encoded already. */
  raw(value: Uint8Array): this {
    return this.#push(value)
  }
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #push(part: Uint8Array): this {
    this.#reserve(part.length)
    this.#bytes.set(part, this.#length)
    this.#length += part.length
    return this
  }
  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
  /** Base 128, least significant group first; −1 is 2⁶⁴ − 1 in two's complement: nine full groups and a bit. */
  #varint(value: number): void {
    this.#reserve(10)
    let rest = value
    if (rest < 0) {
      this.#bytes.fill(255, this.#length, this.#length + 9)
      this.#length += 9
      rest = 1
    }
    while (rest > 127) {
      this.#bytes[this.#length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.#bytes[this.#length++] = rest
  }
}
