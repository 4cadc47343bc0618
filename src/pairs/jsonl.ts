import { Pieces } from './pieces.ts'
import { parseJson, type RawRecord, tooLong } from './raw.ts'

const NEWLINE = 0x0a
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

/** Lines of JSON: one record a line, blank lines skipped, `\r\n` tolerated. Memory: one line. */
export async function* readJsonLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RawRecord> {
  const record = new Pieces()
  let line = 1
  const finish = (last: Uint8Array): RawRecord | null => {
    record.add(last)
    const bytes = record.take()
    if (bytes === null) return tooLong(line)
    return bytes.every(isSpace) ? null : parseJson(bytes, line)
  }
  for await (const chunk of chunks) {
    let from = 0
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      if (to > from || !record.isEmpty) {
        const raw = finish(chunk.subarray(from, to))
        if (raw !== null) yield raw
      }
      line++
      from = to + 1
    }
    record.add(chunk.subarray(from))
  }
  const raw = finish(new Uint8Array())
  if (raw !== null) yield raw
}
