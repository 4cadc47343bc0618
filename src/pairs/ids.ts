import { hash } from 'node:crypto'
import { DigestMap, digestOf } from '../digest-map.ts'
import { DataError } from '../errors.ts'

const LISTED = 10

/**
 * Finds ids that stand twice. Of every id 128 bits of its SHA-256 and the number of its record are kept: 34–69 bytes per row, 0.7 GB
 * for ten million; two different ids meet with a chance of 10^-25.
 */
export class SeenIds {
  #seen = new DigestMap()
  #repeated: string[] = []
  #count = 0

  /** `number` is the record's number in the data set. */
  add(id: string, number: number): void {
    const digest = digestOf(hash('sha256', id, 'buffer'))
    const first = this.#seen.get(digest)
    if (first === null) {
      this.#seen.set(digest, number)
      return
    }
    this.#count++
    if (this.#repeated.length < LISTED) this.#repeated.push(`${JSON.stringify(id)} (records ${first} and ${number})`)
  }

  /** @throws DataError naming up to ten of them */
  check(where: string): void {
    if (this.#count === 0) return
    const more = this.#count > LISTED ? ` and ${this.#count - LISTED} more` : ''
    throw new DataError(
      `${this.#count} duplicate ${this.#count === 1 ? 'id' : 'ids'}: ${this.#repeated.join(', ')}${more}`,
      where,
      'Every row needs an id of its own; without an "id" column the number of the row is taken.',
    )
  }
}
