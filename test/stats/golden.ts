import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { packagePath } from '../../src/package.ts'

export type Json = number | string | null | readonly Json[] | { readonly [key: string]: Json }
export type Case = { readonly [key: string]: Json }

export const cases = (name: string): readonly Case[] =>
  (JSON.parse(readFileSync(packagePath(`test/data/stats/${name}.json`), 'utf8')) as { cases: Case[] }).cases

/** Python's NaN and exceptions are null with us. */
const undefinedInPython = (value: Json): boolean =>
  value === 'NaN' || (typeof value === 'object' && value !== null && 'error' in value)

/** Equal within 1e-9 relative (1e-12 absolute at zero), element by element; null exactly where Python has no value. */
export function expectReference(got: unknown, want: Json, label = ''): void {
  if (undefinedInPython(want)) {
    expect(got, label).toBeNull()
    return
  }
  if (Array.isArray(want)) {
    expect(Array.isArray(got) && got.length, label).toBe(want.length)
    want.forEach((w, i) => {
      expectReference((got as unknown[])[i], w, `${label}[${i}]`)
    })
    return
  }
  expect(typeof got, `${label}: ${String(got)} against ${JSON.stringify(want)}`).toBe('number')
  const error = Math.abs((got as number) - (want as number))
  const bound = Math.max(1e-9 * Math.abs(want as number), want === 0 ? 1e-12 : 0)
  expect(error, `${label}: ${String(got)} against ${String(want)}`).toBeLessThanOrEqual(bound)
}
