import type { StatedMass } from './mass.ts'
import type { Reader } from './reader.ts'

const APPROXIMATELY = [
  'approximately',
  'about',
  'around',
  'roughly',
  'approx',
  'approx.',
  'ca',
  'ca.',
  'circa',
  '≈',
  '~',
  'nearly',
  'close to',
]
const UNITS = [
  'g/mol',
  'da',
  'dalton',
  'daltons',
  'amu',
  'u',
  'grams per mole',
  'gram per mole',
  'g per mole',
  'g per mol',
  'grams/mole',
  'g/mole',
]

export interface Mass extends StatedMass {
  readonly unit: boolean
}

export function readMass(r: Reader): Mass | null {
  return r.attempt(() => {
    let approximate = false
    while (r.eatAny(APPROXIMATELY) !== null) {
      r.eat('.')
      approximate = true
    }
    r.eat('exactly')
    const token = r.peek()
    if (token?.kind !== 'number' || /^[+-]/.test(token.raw) || !/^\d/.test(token.raw)) return null
    r.i++
    const unit = r.eatAny(UNITS) !== null
    const next = r.peek()
    // another unit, or a span
    if (
      !unit &&
      next !== undefined &&
      next.kind !== 'mark' &&
      !/^(?:and|so|but|which|with|since|because|as)$/.test(next.text)
    )
      return null
    return { value: token.value, decimals: token.decimals, approximate, unit }
  })
}

/** `+1`, `1+`, `-2`, `zero`, `neutral`. */
export function readCharge(r: Reader): number | null {
  return r.attempt(() => {
    const token = r.peek()
    if (token === undefined) return null
    if (token.kind === 'number' && token.decimals === 0) {
      r.i++
      const sign = r.peek()
      if (/^[+-]/.test(token.raw) || token.value === 0) return token.value
      if (sign !== undefined && /^[+-]$/.test(sign.text) && sign.start === token.end) {
        r.i++
        return sign.text === '+' ? token.value : -token.value
      }
      return null
    }
    if (token.text === '+' && r.peek(1)?.kind === 'number' && r.peek(1)!.start === token.end) {
      r.i += 2
      return r.peek(-1)!.value
    }
    const spelled = /^(\d)([+-])$/.exec(token.raw)
    if (spelled !== null) {
      r.i++
      return Number(`${spelled[2]}${spelled[1]}`)
    }
    if (r.eat('neutral')) return 0
    if (r.eatAll('plus one')) return 1
    if (r.eatAll('minus one')) return -1
    return null
  })
}
