import { createGunzip } from 'node:zlib'
import { DataError } from '../errors.ts'
import { regularStream } from '../read-regular.ts'

/** Bytes read at once. */
export const CHUNK_BYTES = 1 << 20
/** A file that unpacks to no more is read however well it is packed. */
const FREE_BYTES = 64 * 1024 ** 2
/** Text packs to a fifth or a tenth, the same row again and again to a 300th or less; gzip ends at 1,032. */
const MAX_RATIO = 100

/**
 * The bytes of a file, unpacked where it is gzipped. What unpacks without end is ended: work and time stay in proportion to the file.
 * @param onPacked how many packed bytes have been unpacked so far
 * @throws DataError where it unpacks to more than 100 times its size; the system's errors
 */
export async function* bytesOf(
  path: string,
  gzip: boolean,
  onPacked?: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  // what is read ahead counts as unpacked, so of a gzipped file less at once
  const file = regularStream(path, { highWaterMark: gzip ? CHUNK_BYTES >> 4 : CHUNK_BYTES })
  if (!gzip) return yield* file
  const unpacked = createGunzip({ chunkSize: 1 << 18 })
  file.on('error', (error) => unpacked.destroy(error))
  let bytes = 0
  try {
    for await (const chunk of file.pipe(unpacked)) {
      bytes += (chunk as Uint8Array).length
      const { bytesWritten: packed } = unpacked
      onPacked?.(packed)
      if (bytes > FREE_BYTES && bytes > MAX_RATIO * packed)
        throw new DataError(
          `unpacks to more than ${MAX_RATIO} times its size: ${said(bytes)} bytes so far, of ${said(packed)}`,
          path,
          'It is damaged, or made to do harm. If it is meant so, unpack it with gunzip and give the file that it makes.',
        )
      yield chunk as Uint8Array
    }
  } finally {
    file.destroy()
    unpacked.destroy()
  }
}

/**
 * The first bytes of a file, unpacked. Where they are packed like no text, so much is unpacked as it takes to tell, before any of it is read as
 * rows.
 * @throws as `bytesOf`
 */
export async function headOf(path: string, gzip: boolean, length: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let [bytes, packed] = [0, 0]
  const onPacked = (count: number): void => {
    packed = count
  }
  for await (const chunk of bytesOf(path, gzip, onPacked)) {
    if (bytes < length) chunks.push(chunk.slice())
    bytes += chunk.length
    const suspect = gzip && bytes > MAX_RATIO * packed && bytes <= 2 * FREE_BYTES
    if (bytes >= length && !suspect) break
  }
  return Buffer.concat(chunks).subarray(0, length)
}

const said = (count: number): string => count.toLocaleString('en')
