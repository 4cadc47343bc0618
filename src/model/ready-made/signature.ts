import { ModelError, UsageError } from '../../errors.ts'
import type { MeasurementKind } from '../../types.ts'
import { typeName } from './element-type.ts'
import type { OnnxFile } from './file.ts'
import type { Port } from './proto.ts'

/** What an export takes and gives, understood. */
export interface Signature {
  readonly inputs: readonly Input[]
  readonly output: Output
  /** Outputs that are not read (present.*, hidden_states …). */
  readonly unread: readonly string[]
  /** Rows that a run may have: 1 where the export is fixed at it, else null. */
  readonly rows: 1 | null
}

/**
 * `past`: an empty cache, which a decoder with past takes as no past at all. `first-run`: the switch of a merged decoder, set to the
 * branch without past. `all-logits`: how many of the last logits are kept, 0 = all.
 */
export interface Input {
  readonly name: string
  readonly role: 'ids' | 'mask' | 'types' | 'positions' | 'past' | 'first-run' | 'all-logits'
  readonly type: string
  /** Of `past`: heads and width. */
  readonly past: readonly [number, number] | null
}

/** `scores` [rows, labels]; `logits` [rows, seq, vocab]; `hidden` [rows, seq, width]. */
export interface Output {
  readonly name: string
  readonly kind: 'scores' | 'logits' | 'hidden'
  readonly type: string
  /** The last size, where the file states it. */
  readonly width: number | null
}

const ROLES: Readonly<Record<string, Input['role']>> = {
  input_ids: 'ids',
  attention_mask: 'mask',
  token_type_ids: 'types',
  position_ids: 'positions',
  use_cache_branch: 'first-run',
  num_logits_to_keep: 'all-logits',
}
const PER_TOKEN: ReadonlySet<Input['role']> = new Set(['ids', 'mask', 'types', 'positions'])
const PAST = /^past_key_values\.\d+\.(key|value)$/
const FLOATS = ['float', 'float16', 'bfloat16', 'double']

/** @throws ModelError for an input that we cannot fill, or where no output is one that we read */
export function signatureOf(file: OnnxFile, kind: MeasurementKind): Signature {
  const { model, name: where } = file
  const inputs = model.inputs.map((port) => inputOf(port, where))
  if (!inputs.some(({ role }) => role === 'ids')) throw refuse(where, 'has no input "input_ids"')
  if (!inputs.some(({ role }) => role === 'mask')) throw refuse(where, 'has no input "attention_mask"')
  const output = outputOf(model.outputs, kind, where)
  return {
    inputs,
    output,
    unread: model.outputs.map(({ name }) => name).filter((name) => name !== output.name),
    rows: rowsOf(model.inputs, where),
  }
}

function inputOf({ name, type, dims }: Port, where: string): Input {
  const element = typeName(type)
  const wants = (types: readonly string[]): void => {
    if (!types.includes(element))
      throw refuse(where, `input "${name}" is of ${element}; ${types.join(' or ')} can be given`)
  }
  if (PAST.test(name)) {
    wants(['float', 'float16', 'double'])
    const [, heads, , width] = dims ?? []
    if (dims?.length !== 4 || typeof heads !== 'number' || typeof width !== 'number')
      throw refuse(
        where,
        `input "${name}" is ${shapeOf(dims)}; [batch, heads, past, width] with known heads and width can be given`,
      )
    return { name, role: 'past', type: element, past: [heads, width] }
  }
  const role = Object.hasOwn(ROLES, name) ? ROLES[name]! : null
  if (role === null)
    throw refuse(
      where,
      `takes an input "${name}" ${shapeOf(dims)}, which is not known here`,
      `Known: ${Object.keys(ROLES).join(', ')}, past_key_values.N.key and .value.`,
    )
  wants(role === 'first-run' ? ['bool'] : ['int64', 'int32'])
  if (PER_TOKEN.has(role) && dims !== null && dims.length !== 2)
    throw refuse(where, `input "${name}" is ${shapeOf(dims)}; [batch, seq] can be given`)
  return { name, role, type: element, past: null }
}

function outputOf(ports: readonly Port[], kind: MeasurementKind, where: string): Output {
  const port = ports.find(({ name }) => name === 'logits') ?? ports.find(({ name }) => name === 'last_hidden_state')
  if (port === undefined)
    throw refuse(
      where,
      `gives ${
        ports
          .slice(0, 8)
          .map(({ name }) => name)
          .join(', ') || 'nothing'
      }`,
      '"logits" or "last_hidden_state" is read: export it for text-classification or text-generation.',
    )
  const { name, type, dims } = port
  const element = typeName(type)
  if (!FLOATS.includes(element)) throw refuse(where, `output "${name}" is of ${element}`)
  const last = dims?.at(-1)
  const found = { name, type: element, width: typeof last === 'number' && last > 0 ? last : null }
  const rank = dims?.length ?? 0
  if (name === 'logits' && rank === 2) {
    if (kind === 'head') return { ...found, kind: 'scores' }
    throw refuse(
      where,
      `gives "logits" ${shapeOf(dims)}: rewards of a text, no log-probabilities`,
      'A reward model is measured by run-rm --model …',
    )
  }
  if (rank !== 3)
    throw refuse(where, `gives "${name}" ${shapeOf(dims)}; [batch, labels] or [batch, seq, …] can be read`)
  if (name === 'last_hidden_state') {
    if (kind === 'head') return { ...found, kind: 'hidden' }
    throw refuse(
      where,
      'gives "last_hidden_state" and no "logits": no log-probabilities',
      'Export it for text-generation.',
    )
  }
  if (kind === 'logProb') return { ...found, kind: 'logits' }
  throw refuse(
    where,
    `gives "logits" ${shapeOf(dims)}, a row for every token: a language model, no rewards of a text`,
    'A causal language model is measured by log-probabilities: run-dpo --model … --ref-model …; a reward model is exported for text-classification.',
  )
}

/** A size that is fixed in the file can only be fed so. */
function rowsOf(inputs: readonly Port[], where: string): 1 | null {
  const [batch, seq] = inputs.find(({ name }) => name === 'input_ids')!.dims ?? []
  if (typeof seq === 'number')
    throw refuse(where, `takes texts of ${seq} tokens exactly`, 'Export it with dynamic axes.')
  if (typeof batch !== 'number') return null
  if (batch !== 1) throw refuse(where, `takes batches of ${batch} texts exactly`, 'Export it with dynamic axes.')
  return 1
}

/** @throws UsageError where another number format was asked for than the file computes in */
export function checkAsked(asked: string, dtype: string, file: string): void {
  if (asked !== 'auto' && asked !== dtype && !(asked === 'tf32' && dtype === 'fp32'))
    throw new UsageError(
      `${file} computes in ${dtype}, as it was exported`,
      `--dtype ${asked}`,
      'Leave --dtype out, or name another export with --onnx-file.',
    )
}

const shapeOf = (dims: Port['dims']): string =>
  dims === null ? 'of no stated shape' : `[${dims.map((dim) => (dim === '' ? '?' : dim)).join(', ')}]`

const refuse = (where: string, what: string, hint: string | null = null): ModelError =>
  new ModelError(what, where, hint)
