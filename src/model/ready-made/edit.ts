import { encodeGraph, type GraphRecord, Message } from '../onnx.ts'
import { readEntry, readTensorProto } from './proto.ts'
import { type Field, fieldsOf, inside, type Span } from './wire.ts'

/** What is changed of a file's graph; every other byte stays as it is. */
export interface OnnxEdit {
  /** Outputs that stay; the others are no longer handed out, and what only they need is no longer computed. */
  readonly outputs: ReadonlySet<string>
  /** Nodes, tensors, inputs and outputs that are added. */
  readonly added: Omit<GraphRecord, 'name'>
  /** Where ONNX Runtime finds a file of weights that the graph calls so. */
  readonly locate: (location: string) => string
}

/**
 * The bytes of an edited ModelProto. In protobuf the fields of two messages one after the other are the fields of both, so nodes are
 * added by writing them behind the graph's own.
 * @param name the graph's own name
 */
export function editOnnx(bytes: Uint8Array, where: string, name: string, edit: OnnxEdit): Uint8Array {
  const span: Span = { bytes, from: 0, to: bytes.length, where }
  const message = new Message()
  for (const field of fieldsOf(span))
    if (field.number === 7) message.message(7, editGraph(inside(span, field), name, edit))
    else message.raw(bytesOf(span, field))
  return message.bytes()
}

function editGraph(graph: Span, name: string, { outputs, added, locate }: OnnxEdit): Message {
  const message = new Message()
  for (const field of fieldsOf(graph)) {
    if (field.number === 12 && !outputs.has(portName(inside(graph, field)))) continue
    if (field.number === 5) message.message(5, relocated(inside(graph, field), locate))
    else message.raw(bytesOf(graph, field))
  }
  return message.raw(encodeGraph({ ...added, name }, (file) => file).bytes())
}

/** Field 1 of a ValueInfoProto. */
function portName(port: Span): string {
  for (const field of fieldsOf(port))
    if (field.number === 1) return new TextDecoder().decode(port.bytes.subarray(field.from, field.to))
  return ''
}

/** TensorProto with the location of its bytes as ONNX Runtime resolves it; one that holds its bytes itself as it is. */
function relocated(tensor: Span, locate: (location: string) => string): Message {
  const { external } = readTensorProto(tensor)
  if (external === null) return new Message().raw(tensor.bytes.subarray(tensor.from, tensor.to))
  const message = new Message()
  for (const field of fieldsOf(tensor)) {
    const isLocation = field.number === 13 && readEntry(inside(tensor, field))[0] === 'location'
    if (!isLocation) message.raw(bytesOf(tensor, field))
  }
  return message.message(13, new Message().text(1, 'location').text(2, locate(external.location)))
}

const bytesOf = ({ bytes }: Span, { start, to }: Field): Uint8Array => bytes.subarray(start, to)
