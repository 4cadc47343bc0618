import { UsageError } from '../errors.ts'
import { checkPinned, type PinnedPackage, pinnedPackage } from '../package.ts'

/**
 * The JavaScript port of the `tokenizers` library is mended from outside, by replacing private methods of its objects. In a
 * version that names them otherwise, nothing would be mended and nothing would fail: texts would get other ids. So the version
 * is pinned, and each member is looked for before it is replaced or read.
 */
export const PORT = '@huggingface/tokenizers'

let port: PinnedPackage | null = null

/** @throws UsageError where another version than the pinned one is installed */
export function checkPortVersion(): void {
  port ??= pinnedPackage(PORT)
  checkPinned(port)
}

const KINDS = {
  method: (value: unknown) => typeof value === 'function',
  list: (value: unknown) => Array.isArray(value),
  map: (value: unknown) => value instanceof Map,
  pattern: (value: unknown) => value instanceof RegExp,
  decoder: (value: unknown) => value instanceof TextDecoder,
}

/**
 * A private member of one of the port's objects.
 * @param part what the object is, for the message, e.g. `normalizer Strip`
 * @throws UsageError where it is not there, or is something else
 */
export function portMember<T>(object: unknown, name: string, kind: keyof typeof KINDS, part: string): T {
  const value = (object as Readonly<Record<string, unknown>> | null | undefined)?.[name]
  if (!KINDS[kind](value)) {
    port ??= pinnedPackage(PORT)
    throw new UsageError(
      `the ${part} of version ${port.found} has no ${kind} "${name}", which chemherm replaces or reads`,
      PORT,
      `chemherm was made for version ${port.pinned}: install ${PORT}@${port.pinned}.`,
    )
  }
  return value as T
}
