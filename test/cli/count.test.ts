import { expect, it } from 'vitest'
import { counted, unreadNote } from '../../src/cli/count.ts'

it('counts one thing as one', () => {
  expect([0, 1, 2].map((n) => counted(n, 'row'))).toEqual(['0 rows', '1 row', '2 rows'])
  expect([0, 1, 2].map(unreadNote)).toEqual(['', ', 1 row could not be read', ', 2 rows could not be read'])
})
