import { DataError } from '../../errors.ts'

const MAGIC = 'BLOOM'
export const BLOOM_HINT = "Give a filter in molbloom's format, as its CustomFilter.save writes it."
const HEADER_BYTES = 18
/** Positions are exact in doubles up to here; the largest filter of molbloom (all of ZINC20) has 2^34 bits. */
const MAX_BITS = 2 ** 36

/** A 64-bit unsigned number in two halves. */
interface U64 {
  readonly hi: number
  readonly lo: number
}

/**
 * molbloom's Bloom filter (https://github.com/whitead/molbloom, file version 1 or 2): "BLOOM", version (1 byte), k (uint32), m bits
 * (uint64), bits, all little-endian; bit h is `byte[h >> 3] >> (h & 7) & 1`. Its k positions are (h1 + i·h2 mod 2^64) mod m, with FNV-1a
 * as h1 and a like hash as h2.
 */
export class BloomFilter {
  private constructor(
    /** Number of bits, m. */
    readonly bits: number,
    /** Number of hashes, k. */
    readonly hashes: number,
    private readonly data: Uint8Array,
  ) {}

  /** @param where names the file in messages */
  static parse(bytes: Uint8Array, where: string): BloomFilter {
    const { bits, hashes } = BloomFilter.header(bytes, bytes.length, where)
    return new BloomFilter(bits, hashes, bytes.subarray(HEADER_BYTES))
  }

  /** Numbers of bits and hashes by a file's first bytes. @throws DataError where they are no filter's, or the file has another size */
  static header(
    head: Uint8Array,
    sizeBytes: number,
    where: string,
  ): { readonly bits: number; readonly hashes: number } {
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
    if (head.length < HEADER_BYTES || String.fromCharCode(...head.subarray(0, 5)) !== MAGIC) {
      throw new DataError('not a molbloom filter', where, BLOOM_HINT)
    }
    const version = view.getUint8(5)
    if (version !== 1 && version !== 2)
      throw new DataError(`molbloom file version ${version}, expected 1 or 2`, where, BLOOM_HINT)
    const hashes = view.getUint32(6, true)
    const bits = Number(view.getBigUint64(10, true))
    if (bits < 8 || bits > MAX_BITS || hashes < 1 || hashes > 64) {
      throw new DataError(`${bits} bits and ${hashes} hashes are no plausible filter`, where, BLOOM_HINT)
    }
    const expected = HEADER_BYTES + Math.floor(bits / 8)
    if (sizeBytes !== expected)
      throw new DataError(`header says ${expected} bytes, file has ${sizeBytes}`, where, BLOOM_HINT)
    return { bits, hashes }
  }

  /** molbloom's `CustomFilter(size=bits, n)`: empty, for about n keys. Give a multiple of 8 bits, best 8 × a prime. */
  static create(bits: number, n: number): BloomFilter {
    // C: a double cut to a signed char, within 8…64
    const cut = (Math.trunc(Math.trunc(bits / n) * Math.LN2) << 24) >> 24
    return new BloomFilter(bits, Math.max(8, Math.min(64, cut)), new Uint8Array(Math.ceil(bits / 8)))
  }

  add(key: string): void {
    for (const bit of bloomPositions(key, this.bits, this.hashes)) this.data[Math.floor(bit / 8)]! |= 1 << (bit % 8)
  }

  /** Surely not, where false; where true, with the filter's false-positive rate. */
  has(key: string): boolean {
    const { first, second } = hash(key)
    let { hi, lo } = first
    for (let i = 0; i < this.hashes; i++) {
      const bit = modulo(hi, lo, this.bits)
      if (((this.data[Math.floor(bit / 8)] ?? 0) & (1 << (bit % 8))) === 0) return false
      lo += second.lo
      hi = (hi + second.hi + (lo > 0xffffffff ? 1 : 0)) >>> 0
      lo >>>= 0
    }
    return true
  }

  /** The filter's file. As molbloom's, it lacks the bits beyond the last full byte. */
  toBytes(): Uint8Array {
    const whole = Math.floor(this.bits / 8)
    const bytes = new Uint8Array(HEADER_BYTES + whole)
    bytes.set([...MAGIC].map((char) => char.charCodeAt(0)))
    const view = new DataView(bytes.buffer)
    view.setUint8(5, 2)
    view.setUint32(6, this.hashes, true)
    view.setBigUint64(10, BigInt(this.bits), true)
    bytes.set(this.data.subarray(0, whole), HEADER_BYTES)
    return bytes
  }
}

/** The bits that a key sets in a filter of m bits and k hashes. */
export function bloomPositions(key: string, m: number, k: number): number[] {
  const { first, second } = bloomHashes(key)
  return Array.from({ length: k }, (_, i) => Number(BigInt.asUintN(64, first + BigInt(i) * second) % BigInt(m)))
}

/** The two hashes of a key. */
export function bloomHashes(key: string): { readonly first: bigint; readonly second: bigint } {
  const { first, second } = hash(key)
  return { first: join(first), second: join(second) }
}
const join = ({ hi, lo }: U64): bigint => (BigInt(hi) << 32n) | BigInt(lo)

const encoder = new TextEncoder()
/** Of the UTF-8 bytes up to the first NUL. Bytes are C's signed chars: those from 0x80 are extended by ones. */
function hash(key: string): { readonly first: U64; readonly second: U64 } {
  let h1: U64 = { hi: 0xcbf29ce4, lo: 0x84222325 } // 14695981039346656037
  let h2: U64 = { hi: 0x572bf7ed, lo: 0x6fd4a1d8 } // 6281386704453804504
  for (const byte of encoder.encode(key)) {
    if (byte === 0) break
    const low = byte < 0x80 ? byte : (byte | 0xffffff00) >>> 0
    const high = byte < 0x80 ? 0 : 0xffffffff
    h1 = multiply((h1.hi ^ high) >>> 0, (h1.lo ^ low) >>> 0, 0x100, 0x000001b3) // 1099511628211
    h2 = multiply((h2.hi ^ high) >>> 0, (h2.lo ^ low) >>> 0, 0x39, 0x262f9c18) // 245453790232
  }
  return { first: h1, second: h2 }
}

/** (hi, lo) × (mhi, mlo) mod 2^64; every partial product is below 2^53. */
function multiply(hi: number, lo: number, mhi: number, mlo: number): U64 {
  const low = (lo & 0xffff) * mlo
  const high = (lo >>> 16) * mlo
  const middle = Math.floor(low / 65536) + (high % 4294967296)
  const productLo = ((middle % 65536) * 65536 + (low % 65536)) >>> 0
  const carry = Math.floor(middle / 65536) + Math.floor(high / 4294967296) * 65536
  return { hi: (Math.imul(hi, mlo) + Math.imul(lo, mhi) + (carry % 4294967296)) >>> 0, lo: productLo }
}

/** (hi·2^32 + lo) mod m, sixteen bits at a time. */
function modulo(hi: number, lo: number, m: number): number {
  const rest = ((hi % m) * 65536 + (lo >>> 16)) % m
  return (rest * 65536 + (lo & 0xffff)) % m
}
