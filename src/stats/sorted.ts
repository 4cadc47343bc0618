import { sortOrder } from './sort-order.ts'

/** Rows in ascending order of a value, with the end of each block of equal values marked. */
export interface Sorted {
  readonly order: Int32Array
  /** 1 where the next row has another value. */
  readonly last: Uint8Array
}
export function sorted(values: ArrayLike<number>): Sorted {
  const order = sortOrder(values)
  const last = new Uint8Array(order.length)
  for (let k = 0; k < order.length; k++)
    last[k] = k + 1 === order.length || values[order[k + 1]!] !== values[order[k]!] ? 1 : 0
  return { order, last }
}
