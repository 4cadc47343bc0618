/** Options out of range are a caller's fault, not data: a RangeError, where undefined data give null. */

export function checkLevel(level: number): void {
  if (!(level > 0 && level < 1)) throw new RangeError(`level ${level}: expected a number between 0 and 1, e.g. 0.95`)
}

export function checkCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} ${value}: expected a whole number from 1`)
}

export function checkOneOf<T>(name: string, value: T, allowed: readonly T[]): void {
  if (!allowed.includes(value)) throw new RangeError(`${name} "${value}": expected ${allowed.join(', ')}`)
}
