import { PythonError } from '../../python/error.ts'
import { pyDigits } from '../../python/strings.ts'

const ELEMENT_COUNT = /([A-Z][a-z]?)(\p{Nd}*)/gu
const IMPORTANT = new Set(['C', 'H', 'O', 'N', 'F', 'Cl', 'Br', 'P', 'S'])

function counts(formula: string): Map<string, bigint> {
  const found = new Map<string, bigint>()
  for (const [, element = '', digits = ''] of formula.matchAll(ELEMENT_COUNT)) {
    if (digits.length > 4300)
      throw new PythonError('ValueError', 'Exceeds the limit (4300 digits) for integer string conversion')
    const n = digits === '' ? 1n : pyDigits(digits)
    if (IMPORTANT.has(element)) found.set(element, (found.get(element) ?? 0n) + n)
  }
  return found
}

/**
 * ether0's `formula_diff`: Euclidean distance of two formulas in the counts of C, H, O, N, F, Cl, Br, P and S.
 * @example formulaDiff('CH4', 'C2H6') // √5
 */
export function formulaDiff(a: string, b: string): number {
  const x = counts(a)
  const y = counts(b)
  let squares = 0n
  for (const element of IMPORTANT) squares += ((x.get(element) ?? 0n) - (y.get(element) ?? 0n)) ** 2n
  const sum = Number(squares)
  if (!Number.isFinite(sum)) throw new PythonError('OverflowError', 'int too large to convert to float')
  return Math.sqrt(sum)
}
