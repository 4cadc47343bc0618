import { ModelError } from '../../errors.ts'
import { broken, type Field, fieldsOf, inside, int, ints, type Span, text } from './wire.ts'

/** What of a ModelProto we need to know; field numbers are onnx.proto3's and stand where they are read. */
export interface OnnxModel {
  readonly irVersion: number
  /** @example 'pytorch 2.5.1' */
  readonly producer: string
  /** Operator set version by domain; '' is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>
  readonly graphName: string
  /** Inputs that must be fed: those without a stored value. */
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  /** Tensors of the graph, of the graphs inside its nodes and of its functions. */
  readonly tensors: readonly StoredTensor[]
  /** Every operator, as `domain:op`, with the attributes that say in what it computes. */
  readonly operators: ReadonlyMap<string, OperatorFacts>
  /** Whether any name in the file begins so. */
  readonly names: (prefix: string) => boolean
}

/** An input or output. */
export interface Port {
  readonly name: string
  /** TensorProto.DataType; 0 where it is no tensor. */
  readonly type: number
  /** A size, or the name of one that varies; null where the file gives no shape. */
  readonly dims: readonly (number | string)[] | null
}

export interface StoredTensor {
  readonly name: string
  readonly type: number
  readonly dims: readonly number[]
  /** Bytes in another file; else null. */
  readonly external: ExternalData | null
  /** In the main graph's list of initializers, where exporters put weights. */
  readonly initializer: boolean
}
export interface ExternalData {
  readonly location: string
  readonly offset: number
  /** null: to the end of the file. */
  readonly length: number | null
}

export interface OperatorFacts {
  /** Of MatMulNBits and its kin. */
  readonly bits: ReadonlySet<number>
  /** Of Cast: the types that it makes. */
  readonly to: ReadonlySet<number>
}

/** Graphs inside nodes inside graphs …: no exporter nests deeper. */
const MAX_DEPTH = 16
/** Sizes of one tensor. */
const MAX_RANK = 64
/** Far above any export; ONNX Runtime would need hours for more. */
const MOST = { nodes: 200_000, tensors: 100_000, 'graphs inside nodes': 1_000 }

/** Reads the bytes of an .onnx file. @throws ModelError for what is not one */
export function readOnnx(bytes: Uint8Array, where: string): OnnxModel {
  const span: Span = { bytes, from: 0, to: bytes.length, where }
  const found = new Collector(where)
  let irVersion = 0
  let graph: Span | null = null
  const producer: string[] = []
  const opsets = new Map<string, number>()
  for (const field of fieldsOf(span)) {
    if (field.number === 1) irVersion = int(span, field)
    else if (field.number === 2 || field.number === 3) producer[field.number - 2] = text(span, field)
    else if (field.number === 8) readOpset(inside(span, field), opsets)
    else if (field.number === 25) found.functions(inside(span, field))
    else if (field.number === 20) throw new ModelError('holds a training graph, which is not run', where)
    else if (field.number === 7) {
      if (graph !== null) throw broken(where, 'it has two graphs')
      graph = inside(span, field)
    }
  }
  if (graph === null) throw broken(where, 'it has no graph')
  if (opsets.size === 0) throw broken(where, 'it names no operator set')
  return { irVersion, producer: producer.join(' ').trim(), opsets, ...found.mainGraph(graph) }
}

/** OperatorSetIdProto. */
function readOpset(span: Span, opsets: Map<string, number>): void {
  let [domain, version] = ['', 0]
  for (const field of fieldsOf(span)) {
    if (field.number === 1) domain = text(span, field)
    else if (field.number === 2) version = int(span, field)
  }
  opsets.set(domain === 'ai.onnx' ? '' : domain, version)
}

class Collector {
  readonly #tensors: StoredTensor[] = []
  readonly #operators = new Map<string, { bits: Set<number>; to: Set<number> }>()
  readonly #names = new Set<string>()
  readonly #counts = { nodes: 0, tensors: 0, 'graphs inside nodes': 0 }

  constructor(readonly where: string) {}

  /** GraphProto. */
  mainGraph(span: Span): Omit<OnnxModel, 'irVersion' | 'producer' | 'opsets'> {
    let graphName = ''
    const inputs: Port[] = []
    const outputs: Port[] = []
    for (const field of fieldsOf(span)) {
      if (field.number === 2) graphName = text(span, field)
      else if (field.number === 11) inputs.push(readPort(inside(span, field)))
      else if (field.number === 12) outputs.push(readPort(inside(span, field)))
      else this.#graphField(span, field, 0)
    }
    for (const { name } of [...inputs, ...outputs, ...this.#tensors]) this.#names.add(name)
    // older files list every initializer among the inputs, too
    const stored = new Set(this.#tensors.filter(({ initializer }) => initializer).map(({ name }) => name))
    return {
      graphName,
      inputs: inputs.filter(({ name }) => !stored.has(name)),
      outputs,
      tensors: this.#tensors,
      operators: this.#operators,
      names: (prefix) => [...this.#names].some((name) => name.startsWith(prefix)),
    }
  }

  /** FunctionProto: 7 are its nodes, 11 attributes with a default. */
  functions(span: Span): void {
    for (const field of fieldsOf(span)) {
      if (field.number === 7) this.#node(inside(span, field), 0)
      else if (field.number === 11) this.#attribute(inside(span, field), 0)
    }
  }

  #count(what: keyof typeof MOST): void {
    if (++this.#counts[what] > MOST[what])
      throw new ModelError(`has more than ${MOST[what].toLocaleString('en')} ${what}`, this.where)
  }

  #graphField(span: Span, field: Field, depth: number): void {
    if (field.number === 1) this.#node(inside(span, field), depth)
    else if (field.number === 5) this.#tensor(inside(span, field), depth === 0)
    else if (field.number === 15) this.#sparse(inside(span, field))
  }

  /** NodeProto. */
  #node(span: Span, depth: number): void {
    this.#count('nodes')
    let [op, domain] = ['', '']
    const attributes: AttributeFacts[] = []
    for (const field of fieldsOf(span)) {
      if (field.number === 2) this.#names.add(text(span, field))
      else if (field.number === 4) op = text(span, field)
      else if (field.number === 7) domain = text(span, field)
      else if (field.number === 5) attributes.push(this.#attribute(inside(span, field), depth))
    }
    const key = `${domain === 'ai.onnx' ? '' : domain}:${op}`
    const facts = this.#operators.get(key) ?? { bits: new Set(), to: new Set() }
    this.#operators.set(key, facts)
    for (const { name, value } of attributes) if (name === 'bits' || name === 'to') facts[name].add(value)
  }

  /** AttributeProto: 5 tensor, 6 graph, 10 tensors, 11 graphs, 22 and 23 sparse tensors. */
  #attribute(span: Span, depth: number): AttributeFacts {
    let [name, value] = ['', 0]
    for (const field of fieldsOf(span)) {
      if (field.number === 1) name = text(span, field)
      else if (field.number === 3) value = int(span, field)
      else if (field.number === 5 || field.number === 10) this.#tensor(inside(span, field), false)
      else if (field.number === 22 || field.number === 23) this.#sparse(inside(span, field))
      else if (field.number === 6 || field.number === 11) {
        if (depth === MAX_DEPTH) throw broken(this.where, `graphs are nested more than ${MAX_DEPTH} deep`)
        this.#count('graphs inside nodes')
        const graph = inside(span, field)
        for (const part of fieldsOf(graph)) this.#graphField(graph, part, depth + 1)
      }
    }
    return { name, value }
  }

  #sparse(span: Span): void {
    for (const field of fieldsOf(span)) if (field.number <= 2) this.#tensor(inside(span, field), false)
  }

  #tensor(span: Span, initializer: boolean): void {
    this.#count('tensors')
    this.#tensors.push({ ...readTensorProto(span), initializer })
  }
}

interface AttributeFacts {
  readonly name: string
  readonly value: number
}

/** TensorProto, without its values: 13 is where they lie in another file, if 14 says so. */
export function readTensorProto(span: Span): Omit<StoredTensor, 'initializer'> {
  let [name, type, location] = ['', 0, 0]
  const dims: number[] = []
  const entries = new Map<string, string>()
  for (const field of fieldsOf(span)) {
    if (field.number === 1) {
      for (const dim of ints(span, field)) {
        dims.push(dim)
        if (dims.length > MAX_RANK) throw broken(span.where, `a tensor has more than ${MAX_RANK} sizes`)
      }
    } else if (field.number === 2) type = int(span, field)
    else if (field.number === 8) name = text(span, field)
    else if (field.number === 14) location = int(span, field)
    else if (field.number === 13) {
      const [key, value] = readEntry(inside(span, field))
      // which of the two counts would be ONNX Runtime's choice, and only one was looked at
      if (entries.has(key))
        throw broken(span.where, `tensor "${name}" names its ${JSON.stringify(key.slice(0, 40))} twice`)
      entries.set(key, value)
    }
  }
  if (dims.some((dim) => dim < 0)) throw broken(span.where, `tensor "${name}" has a size below 0`)
  // of a tensor without elements, too: the product would be no number before it comes to the 0
  if (!Number.isSafeInteger(dims.reduce((product, dim) => product * (dim || 1), 1)))
    throw broken(span.where, `tensor "${name}" is [${dims.join(', ')}], more elements than can be counted`)
  return { name, type, dims, external: location === 1 ? externalOf(entries, name, span.where) : null }
}

/** StringStringEntryProto. */
export function readEntry(span: Span): readonly [string, string] {
  const pair: [string, string] = ['', '']
  for (const field of fieldsOf(span))
    if (field.number === 1 || field.number === 2) pair[field.number - 1] = text(span, field)
  return pair
}

function externalOf(entries: ReadonlyMap<string, string>, name: string, where: string): ExternalData {
  const whole = (key: string): number | null => {
    const value = entries.get(key)
    if (value === undefined) return null
    if (!/^\d{1,15}$/.test(value)) throw broken(where, `${key} of tensor "${name}" is ${JSON.stringify(value)}`)
    return Number(value)
  }
  const location = entries.get('location')
  if (location === undefined) throw broken(where, `tensor "${name}" lies in another file, which is not named`)
  return { location, offset: whole('offset') ?? 0, length: whole('length') }
}

/** ValueInfoProto: 2 is its TypeProto, whose field 1 is a tensor's element type (1) and shape (2). */
function readPort(span: Span): Port {
  let [name, type] = ['', 0]
  let dims: (number | string)[] | null = null
  for (const field of fieldsOf(span)) {
    if (field.number === 1) name = text(span, field)
    else if (field.number === 2) {
      const outer = inside(span, field)
      for (const kind of fieldsOf(outer)) {
        if (kind.number !== 1) continue
        const tensor = inside(outer, kind)
        for (const part of fieldsOf(tensor)) {
          if (part.number === 1) type = int(tensor, part)
          else if (part.number === 2) dims = readShape(inside(tensor, part))
        }
      }
    }
  }
  return { name, type, dims }
}

/** TensorShapeProto: each dimension (1) is a value (1), a name (2), or neither. */
function readShape(span: Span): (number | string)[] {
  const dims: (number | string)[] = []
  for (const field of fieldsOf(span)) {
    if (field.number !== 1) continue
    const one = inside(span, field)
    let dim: number | string = ''
    for (const part of fieldsOf(one)) {
      if (part.number === 1) dim = int(one, part)
      else if (part.number === 2) dim = text(one, part)
    }
    dims.push(dim)
  }
  return dims
}
