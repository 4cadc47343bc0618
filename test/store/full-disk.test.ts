import { expect, it } from 'vitest'
import { DataError } from '../../src/errors.ts'
import { attempt } from '../../src/store/file.ts'

it('a disk that is full in the middle of a run: which file, why, and that nothing is lost', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  const write = (): void => {
    throw full
  }
  expect(() => attempt('out/completions.jsonl.partial', write)).toThrow(DataError)
  expect(() => attempt('out/completions.jsonl.partial', write)).toThrow(
    expect.objectContaining({
      where: 'out/completions.jsonl.partial',
      message: expect.stringContaining('the disk is full'),
      hint: expect.stringContaining('is kept'),
    }),
  )
})
