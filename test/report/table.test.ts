import { describe, expect, it } from 'vitest'
import { textTable } from '../../src/report/table.ts'

describe('a table on the terminal', () => {
  it('stands in columns', () => {
    expect(
      textTable(
        ['subset', 'n'],
        [
          ['a', '1'],
          ['all', '12'],
        ],
      ),
    ).toBe('subset   n\n──────  ──\na        1\nall     12')
  })
  it('lets no text of the data act on the terminal', () => {
    const text = textTable(['subset', 'n'], [['\u001b[31mred\rCR\nnext\u202eevil\u0000', '1']])
    expect(text.split('\n').at(-1)).toBe('␛[31mred␍CR next\ufffdevil␀  1')
  })
})
