import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { DataError } from '../errors.ts'

/** Bytes read at once. */
export const CHUNK_BYTES = 1 << 20
/** A file that unpacks to no more is read however well it is packed. */
const FREE_BYTES = 256 * 1024 ** 2
/** Text packs to a fifth or a tenth; the same row again and again to some 300th; gzip ends at 1,032. */
const MAX_RATIO = 200

/**
 * The bytes of a file, unpacked where it is gzipped. What unpacks without end is ended: work and time stay in proportion to the file.
 * @throws DataError where it unpacks to more than 200 times its size; the system's errors
 */
export async function* bytesOf(path: string, gzip: boolean): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  if (!gzip) return yield* file
  const unpacked = createGunzip({ chunkSize: 1 << 18 })
  file.on('error', (error) => unpacked.destroy(error))
  let bytes = 0
  try {
    for await (const chunk of file.pipe(unpacked)) {
      bytes += (chunk as Uint8Array).length
      if (bytes > FREE_BYTES && bytes > MAX_RATIO * file.bytesRead)
        throw new DataError(
          `unpacks to more than ${MAX_RATIO} times its size: ${said(bytes)} bytes so far, of ${said(file.bytesRead)}`,
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
const said = (count: number): string => count.toLocaleString('en')
