import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { alibiTable } from '../../src/model/alibi.ts'
import { packagePath } from '../../src/package.ts'

const golden = JSON.parse(readFileSync(packagePath('test/data/alibi/biases.json'), 'utf8')) as {
  readonly positions: readonly number[]
  /** [positions, heads] by the number of heads. */
  readonly biases: Readonly<Record<string, readonly (readonly number[])[]>>
}

describe("ALiBi's biases are transformers', bit for bit", () => {
  it.each(Object.keys(golden.biases))('%s heads', (name) => {
    const heads = Number(name)
    const table = alibiTable(heads, Math.max(...golden.positions) + 1)
    golden.positions.forEach((t, i) => {
      expect([...table.subarray(t * heads, (t + 1) * heads)], `position ${t}`).toEqual(golden.biases[name]![i])
    })
  })
})
