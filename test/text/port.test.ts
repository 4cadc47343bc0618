import { readFileSync } from 'node:fs'
import * as everything from '@huggingface/tokenizers'
import { afterEach, describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { checkPinned, packagePath, pinnedPackage } from '../../src/package.ts'
import { buildBackend } from '../../src/text/backend.ts'
import { checkPortVersion, portMember } from '../../src/text/port.ts'
import type { Json } from '../../src/text/tokenizer-files.ts'

const LLAMA = JSON.parse(
  readFileSync(packagePath('test/data/text/tokenizers/llama-no-pad/tokenizer.json'), 'utf8'),
) as Json
const strip: Json = { type: 'Strip', strip_left: true, strip_right: true }
const WITH_STRIP: Json = { ...LLAMA, normalizer: { type: 'Sequence', normalizers: [strip] } }

/** The package's classes; its types name only three of them. */
const { ByteLevelPreTokenizer, SequenceNormalizer, SplitPreTokenizer, StripNormalizer } =
  everything as unknown as Readonly<Record<string, { readonly prototype: object }>>
const refusal = (run: () => unknown): UsageError => {
  try {
    run()
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('the pinned version', () => {
  it.each(['@huggingface/tokenizers', '@rdkit/rdkit', 'onnxruntime-node'])(
    '%s: exact, and the one that Node loads',
    (name) => {
      const { pinned, found } = pinnedPackage(name)
      expect(pinned).toMatch(/^\d+\.\d+\.\d+$/)
      expect(found).toBe(pinned)
      const lock = JSON.parse(readFileSync(packagePath('package-lock.json'), 'utf8')) as {
        readonly packages: Readonly<Record<string, { readonly version: string }>>
      }
      expect(lock.packages[`node_modules/${name}`]!.version).toBe(pinned)
    },
  )
  it('another one is refused, and both are named', () => {
    const error = refusal(() => checkPinned({ name: '@huggingface/tokenizers', pinned: '0.2.0', found: '0.3.1' }))
    expect(error.message).toContain('0.3.1')
    expect(error.message).toContain('0.2.0')
    expect(error.hint).toContain('@huggingface/tokenizers@0.2.0')
  })
  it('this one is taken', () => expect(checkPortVersion).not.toThrow())
})

describe('a private member that the port no longer has', () => {
  const undo: (() => void)[] = []
  afterEach(() => {
    for (const back of undo.splice(0)) back()
  })
  /** As if a newer version had renamed the method. */
  function rename(prototype: object, name: string): void {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!
    Object.defineProperty(prototype, `${name}_renamed`, descriptor)
    delete (prototype as Record<string, unknown>)[name]
    undo.push(() => Object.defineProperty(prototype, name, descriptor))
  }
  const said = (json: Json): string => {
    const { message, where, hint } = refusal(() => buildBackend(json, undefined))
    expect(where).toBe('@huggingface/tokenizers')
    expect(message).toContain(pinnedPackage('@huggingface/tokenizers').found)
    expect(hint).toContain(pinnedPackage('@huggingface/tokenizers').pinned)
    return message
  }

  it('pre_tokenize_text: the tokenizer does not open', () => {
    rename(SplitPreTokenizer!.prototype, 'pre_tokenize_text')
    expect(said(LLAMA)).toMatch(/pre-tokenizer Split .*"pre_tokenize_text"/)
  })
  it('of the byte level', () => {
    rename(ByteLevelPreTokenizer!.prototype, 'pre_tokenize_text')
    expect(said(LLAMA)).toMatch(/pre-tokenizer ByteLevel/)
  })
  it('normalize', () => {
    rename(StripNormalizer!.prototype, 'normalize')
    expect(said(WITH_STRIP)).toMatch(/normalizer Strip .*"normalize"/)
    for (const back of undo.splice(0)) back()
    rename(SequenceNormalizer!.prototype, 'normalize')
    expect(said(WITH_STRIP)).toMatch(/normalizer Sequence/)
  })
  it.each([
    ['tokens_to_ids', {}],
    ['vocab', null],
  ])('fields: %s', (name, instead) => {
    expect(
      refusal(() => portMember({ [name]: instead }, name, name === 'vocab' ? 'list' : 'map', 'model BPE')).message,
    ).toContain(name)
  })
})
