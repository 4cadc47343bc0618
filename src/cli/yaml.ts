import { type Document, isMap, isScalar, isSeq, type Pair, parseDocument, visit } from 'yaml'
import { UsageError } from '../errors.ts'
import { readBounded } from '../read-regular.ts'
import type { OptionTable } from '../setup/option.ts'
import { systemWords } from '../system-words.ts'
import { visibleName } from '../visible-text.ts'
import { didYouMean } from './did-you-mean.ts'
import { hermEntry, isHermConfigs } from './herm-configs.ts'
import { hermRefusal } from './herm-flags.ts'
import { LARGEST_BYTES } from './largest-config.ts'
import { otherBins } from './options.ts'

const EXPECTED = 'Expected a YAML file with flag names as keys, e.g. "model: org/name".'

/**
 * A `--config` file: flag names, kebab or snake, to values. The table is by flag. Our own configs are strict: an unknown key, a value of another type and a
 * key that stands twice are errors. Text is taken as it is written, so that `revision: 1.10` does not become 1.1; an empty value is absent.
 * RewardBench's eval_configs.yaml is taken, too (herm-configs.ts).
 * @param model `--model` of the command line, which chooses of the latter
 */
export function readConfig(path: string, table: OptionTable, model: string | null = null): Record<string, unknown> {
  const { contents } = parseYaml(path)
  if (!isMap(contents)) throw new UsageError('is not a mapping', path, EXPECTED)
  if (Object.hasOwn(table, 'not-quantized') && isHermConfigs(contents.items as Pair[]))
    return Object.fromEntries(hermEntry(contents.items as Pair[], path, model, table))
  return readOptionMap(contents.items as Pair[], path, table)
}

/**
 * The keys and values of one option set of ours.
 * @param path where it stands, for messages
 * @throws UsageError
 */
export function readOptionMap(items: readonly Pair[], path: string, table: OptionTable): Record<string, unknown> {
  const known = Object.keys(table).filter((name) => name !== 'config')
  const config: Record<string, unknown> = {}
  for (const { key, value } of items) {
    const given = textOf(key)
    const name = given.replaceAll('_', '-')
    const refusal = Object.hasOwn(table, 'not-quantized') ? hermRefusal(name, `${path}: ${given}`) : null
    if (refusal !== null) throw refusal
    if (!known.includes(name))
      throw new UsageError(
        `unknown key "${visibleName(given)}"`,
        path,
        otherBins(name, '') || didYouMean(name, known, '') || null,
      )
    if (Object.hasOwn(config, name)) throw new UsageError(`the key "${name}" stands twice`, path)
    if (value === null || (isScalar(value) && value.value === null)) continue
    config[name] = optionValue(value, table[name]!.type, `${path}: ${given}`)
  }
  return config
}

/** A YAML file whose keys are unique. @throws UsageError */
export function parseYaml(path: string): Document {
  let text: string
  try {
    text = readBounded(path, LARGEST_BYTES).toString('utf8')
  } catch (cause) {
    throw new UsageError(systemWords(cause), path, EXPECTED, { cause })
  }
  // its own check of unique keys takes time by their square
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false })
  const [error] = document.errors
  const lineOf = (offset: number): string => `${path}:${text.slice(0, offset).split('\n').length}`
  if (error !== undefined)
    throw new UsageError(`is not YAML: ${error.message}`, lineOf(error.pos[0]), EXPECTED, { cause: error })
  visit(document, { Map: (_, { items }) => checkUnique(items as Pair[], lineOf) })
  return document
}

function checkUnique(items: readonly Pair[], lineOf: (offset: number) => string): void {
  const seen = new Set<unknown>()
  for (const { key } of items) {
    if (!isScalar(key)) continue
    if (seen.has(key.value))
      throw new UsageError('is not YAML: Map keys must be unique', lineOf(key.range?.[0] ?? 0), EXPECTED)
    seen.add(key.value)
  }
}

/** A scalar as it is written. */
const textOf = (node: unknown): string =>
  isScalar(node) ? (typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))) : String(node)

function optionValue(node: unknown, type: OptionTable[string]['type'], where: string): unknown {
  if (type === 'array') return (isSeq(node) ? node.items : [node]).map((item) => optionValue(item, 'string', where))
  if (!isScalar(node)) throw new UsageError(`is a list or a mapping, expected one ${type}`, where)
  // as on the command line, where `--model=` needs a value; null is none in a list
  if (type === 'string' && (node.value === null || textOf(node) === ''))
    throw new UsageError('needs a value', where, 'Leave the key out where there is none.')
  if (type === 'string') return textOf(node)
  if (typeof node.value !== type)
    throw new UsageError(
      `is ${visibleName(textOf(node))}, expected ${type === 'boolean' ? 'true or false' : `a ${type}`}`,
      where,
    )
  return node.value
}
