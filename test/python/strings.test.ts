import { describe, expect, it } from 'vitest'
import { parseFloating, parseInteger } from '../../src/python/decimal.ts'
import { byCodePoint, casefold, pyLength, strip } from '../../src/python/strings.ts'

// What CPython 3.11 gives.

it.each([
  ['Straße', 'strasse'],
  ['ſΣΣς', 'sσσσ'],
  ['ﬁ', 'fi'],
])('casefold %s', (text, folded) => {
  expect(casefold(text)).toBe(folded)
})

it.each([
  ['٣٤', 10, 34n],
  ['𝟙𝟚', 10, 12n],
  ['١_٠', 10, 10n],
  [' -7\x1c', 10, -7n],
  ['0x١f', 16, 31n],
  ['²', 10, null],
  ['1__0', 10, null],
  ['012', 0, null],
])('int(%j, %i)', (text, base, number) => {
  expect(parseInteger(text, base)).toBe(number)
})

it('float of digits of other scripts', () => {
  expect([parseFloating('１.５'), parseFloating('٣e١'), parseFloating('½')]).toEqual([1.5, 30, null])
})

describe('code points', () => {
  it('are what lengths and orders count', () => {
    expect(pyLength('a🧪b')).toBe(3)
    expect(['\uffff', '😀', 'a', '😀b', '\ue000', '😁', '\ud800'].sort(byCodePoint)).toEqual([
      'a',
      '\ud800',
      '\ue000',
      '\uffff',
      '😀',
      '😀b',
      '😁',
    ])
  })
  it('are what strip takes off', () => {
    expect(strip('🧪🧪a🧪', 'both', '🧪')).toBe('a')
    expect(strip('\ufeff a\u0085', 'both', null)).toBe('\ufeff a')
  })
})
