import { dirname, join } from 'node:path'
import { ModelError } from '../../errors.ts'
import type { Checkpoint } from '../checkpoint.ts'
import type { InitializerRecord, NodeRecord, ValueRecord } from '../onnx.ts'
import { readTensor } from '../tensor-values.ts'
import { editOnnx } from './edit.ts'
import { type OnnxFile, readWhole } from './file.ts'
import type { Signature } from './signature.ts'

/** How numbers are taken out of an export: by its own output, or by nodes that are added behind it. */
export interface Reading {
  /** What ONNX Runtime is to open: the file's own path, or its bytes with what is added. Read when it is asked for: they may be many. */
  readonly source: () => string | Uint8Array
  /** The output that is fetched: [rows, labels], or of log-probabilities [rows, 1]. */
  readonly output: string
  /** Input [rows, 2]: text and place of every row that is read; null where the export pools by itself. */
  readonly rows: string | null
  /** Input [rows, 1]: the token whose log-probability is read; else null. */
  readonly targets: string | null
  /** Labels, where known. */
  readonly width: number | null
  /** Operators of the nodes added. */
  readonly added: readonly string[]
}

/** Our names begin so, longer where the file has some of these. */
const PREFIX = 'chemherm_'
/** GatherND and GatherElements came with it. */
const OLDEST_OPSET = 11
/** Since then a stored tensor need not be an input, too. */
const OLDEST_IR = 4

/**
 * What is needed to read a file. The logits of a language model never leave the graph: [rows, vocab] are gathered,
 * and their log-softmax at the target is handed out. Hidden states get the head of the checkpoint beside the file.
 * @param head null = there are no safetensors beside it
 * @param locate the location of a file of weights as ONNX Runtime is to resolve it
 */
export function readingOf(
  file: OnnxFile,
  signature: Signature,
  head: Checkpoint | null,
  locate: (location: string) => string,
): Reading {
  const { model, name: where } = file
  const { output } = signature
  let prefix = PREFIX
  while (model.names(prefix)) prefix += '_'
  const opset = model.opsets.get('') ?? 0
  if (output.kind !== 'scores' && (opset < OLDEST_OPSET || model.irVersion < OLDEST_IR))
    throw new ModelError(
      `is of operator set ${opset} and IR version ${model.irVersion}; "${output.name}" can be read from ${OLDEST_OPSET} and ${OLDEST_IR} on`,
      where,
      'Export it again with a newer operator set.',
    )
  const nodes: NodeRecord[] = []
  const initializers: InitializerRecord[] = []
  const op = (type: string, inputs: readonly string[], attributes: NodeRecord['attributes'] = {}): string => {
    const made = `${prefix}${type}`
    nodes.push({ op: type, domain: '', name: made, inputs, outputs: [made], attributes })
    return made
  }
  const wide = (value: string): string => (output.type === 'float' ? value : op('Cast', [value], { to: 1 }))
  const [rows, targets] = [`${prefix}rows`, `${prefix}targets`]
  const inputs: ValueRecord[] = []
  let fetched = output.name
  let width = output.width
  if (output.kind === 'scores') fetched = wide(output.name)
  else {
    inputs.push({ name: rows, type: 'int64', dims: [`${prefix}n`, 2] })
    const picked = wide(op('GatherND', [output.name, rows]))
    if (output.kind === 'logits') {
      inputs.push({ name: targets, type: 'int64', dims: [`${prefix}n`, 1] })
      fetched = op('GatherElements', [op('LogSoftmax', [picked], { axis: 1 }), targets], { axis: 1 })
    } else {
      const tensors = headOf(head, output.width, where, prefix)
      initializers.push(...tensors)
      width = tensors[0]!.dims[0]!
      fetched = op('Gemm', [picked, ...tensors.map(({ name }) => name)], { transB: 1 })
    }
  }
  const added = nodes.map(({ op: type }) => type)
  const own: ValueRecord[] =
    fetched === output.name ? [] : [{ name: fetched, type: 'float', dims: [`${prefix}n`, `${prefix}m`] }]
  const inPlace = file.external.every(({ location, path }) => join(dirname(file.path), location) === path)
  const unchanged = added.length === 0 && signature.unread.length === 0 && inPlace
  return {
    source: () =>
      unchanged
        ? file.path
        : editOnnx(readWhole(file.path).bytes, where, model.graphName, {
            outputs: new Set(own.length === 0 ? [output.name] : []),
            added: { nodes, initializers, inputs, outputs: own },
            locate,
          }),
    output: fetched,
    rows: output.kind === 'scores' ? null : rows,
    targets: output.kind === 'logits' ? targets : null,
    width: output.kind === 'logits' ? null : width,
    added,
  }
}

/** transformers' classification head of decoders, as float32: score.weight [labels, hidden], score.bias [labels] where there is one. */
function headOf(head: Checkpoint | null, hidden: number | null, where: string, prefix: string): InitializerRecord[] {
  const weight = head?.tensors.get('score.weight')
  if (head === null || weight === undefined)
    throw new ModelError(
      `gives "last_hidden_state" and no rewards, and ${head === null ? 'there are no safetensors beside it to take a head from' : 'the safetensors beside it have no "score.weight"'}`,
      where,
      'Export it for text-classification.',
    )
  if (weight.shape.length !== 2 || (hidden !== null && weight.shape[1] !== hidden))
    throw new ModelError(
      `"score.weight" is [${weight.shape.join(', ')}], the export gives ${hidden ?? '?'} numbers a token`,
      where,
      'Export and safetensors are of different models.',
    )
  const bias = head.tensors.get('score.bias')
  return [weight, ...(bias === undefined ? [] : [bias])].map((ref) => ({
    name: `${prefix}${ref.name}`,
    type: 'float',
    dims: ref.shape,
    data: new Uint8Array(readTensor(ref).buffer),
  }))
}
