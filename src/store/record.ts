import { crc32 } from 'node:zlib'
import type { Batch, Measurement } from '../types.ts'

/**
 * One line of measurements.jsonl: a JSON object whose last member is the CRC-32 of everything before it, so that a damaged line is
 * never trusted. The kinds of line, told by their first member:
 *
 *   {"format":"chemherm-measurements","version":1,"config":{…},"crc":"…"}    the first line; of a shard: "cut":"…" after config
 *   {"key":"…","kind":"head","values":[…],"scoredTokenIndex":7,"crc":"…"}    one completion under one model; "raw":[…] last, where kept
 *   {"key":"…","kind":"logProb","sum":…,"tokens":9,"sumSquares":…,"crc":"…"} the same of a policy; "logProbs":[…] last, where kept
 *   {"plan":"<name>","from":0,"batches":[…],"crc":"…"}                       part of a plan
 *   {"plan":"<name>","count":12,"crc":"…"}                                   the end of a plan
 *   {"commit":<measurements of the batch>,"crc":"…"}                         the end of a batch, all of it written at once
 *   {"done":<measurements>,"crc":"…"}                                        the run came to its end; of a shard: "cut":"…"
 *
 * Numbers are written as JavaScript does, which reads back to the same double; −0 is kept.
 */
export const FORMAT = 'chemherm-measurements'
export const VERSION = 1

const CRC_MEMBER = ',"crc":"'
/** `,"crc":"01234567"}` */
const CRC_BYTES = CRC_MEMBER.length + 8 + 2

/** Closes the text of an object with its checksum. @example sealed('{"commit":2') // '{"commit":2,"crc":"…"}\n' */
const sealed = (open: string): string => `${open}${CRC_MEMBER}${crc32(open).toString(16).padStart(8, '0')}"}\n`
const sealedObject = (object: object): string => sealed(JSON.stringify(object).slice(0, -1))

/** Whether a line (without its `\n`) ends in the checksum of what stands before it. */
export function isIntact(line: Buffer): boolean {
  const end = line.length - CRC_BYTES
  if (end < 1 || CRC_START.compare(line, end, end + CRC_START.length) !== 0) return false
  const crc = line.toString('latin1', end + CRC_START.length)
  return /^[0-9a-f]{8}"\}$/.test(crc) && Number.parseInt(crc, 16) === crc32(line.subarray(0, end))
}
const CRC_START = Buffer.from(CRC_MEMBER)

export const headerLine = (config: unknown, cut: string | null = null): string =>
  sealedObject({ format: FORMAT, version: VERSION, config, ...(cut !== null && { cut }) })
export const commitLine = (lines: number): string => sealedObject({ commit: lines })
export const doneLine = (measurements: number, cut: string | null = null): string =>
  sealedObject({ done: measurements, ...(cut !== null && { cut }) })
export const planLine = (plan: string, from: number, batches: readonly Batch[]): string =>
  sealedObject({
    plan,
    from,
    batches: batches.map(({ layout, sequences, prefix, tokens, reused, carried = 0, kept = 0 }) => [
      layout,
      prefix,
      tokens,
      sequences,
      ...(reused === undefined ? [] : [reused]),
      ...(reused === undefined || (carried === 0 && kept === 0) ? [] : [carried, kept]),
    ]),
  })
export const planEndLine = (plan: string, count: number): string => sealedObject({ plan, count })

/** @throws RangeError for a number that is not finite: a model that gives one must have failed before */
export function measurementLine(key: string, measurement: Measurement): string {
  if (!/^[0-9a-f]{32}$/.test(key)) throw new RangeError(`"${key}" is not a measurement key`)
  if (measurement.kind === 'head') {
    const { values, scoredTokenIndex, raw } = measurement
    return sealed(
      `{"key":"${key}","kind":"head","values":${listText(values)},"scoredTokenIndex":${numberText(scoredTokenIndex)}` +
        (raw === undefined ? '' : `,"raw":${listText(raw)}`),
    )
  }
  const { sum, tokens, sumSquares, logProbs } = measurement
  return sealed(
    `{"key":"${key}","kind":"logProb","sum":${numberText(sum)},"tokens":${numberText(tokens)},"sumSquares":${numberText(sumSquares)}` +
      (logProbs === undefined ? '' : `,"logProbs":${listText(logProbs)}`),
  )
}

const listText = (values: readonly number[]): string => `[${values.map(numberText).join(',')}]`
function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`a measurement of ${value} cannot be stored`)
  return Object.is(value, -0) ? '-0' : String(value)
}

/** A measurement from an intact line, or null where its members are not ours. */
export function parseMeasurement(line: Buffer): Measurement | null {
  const record = parseObject(line)
  const numbers = (...values: unknown[]): boolean => values.every((value) => typeof value === 'number')
  if (record?.kind === 'head' && areNumbers(record.values) && numbers(record.scoredTokenIndex)) {
    const { values, raw } = record
    if (raw !== undefined && !areNumbers(raw)) return null
    const scoredTokenIndex = record.scoredTokenIndex as number
    return { kind: 'head', values, scoredTokenIndex, ...(raw !== undefined && { raw }) }
  }
  if (record?.kind === 'logProb' && numbers(record.sum, record.tokens, record.sumSquares)) {
    const { logProbs } = record
    if (logProbs !== undefined && !areNumbers(logProbs)) return null
    return {
      kind: 'logProb',
      sum: record.sum as number,
      tokens: record.tokens as number,
      sumSquares: record.sumSquares as number,
      ...(logProbs !== undefined && { logProbs }),
    }
  }
  return null
}

const areNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => typeof n === 'number')

/** Batches of an intact plan line, or null. */
export function parsePlan(line: Buffer): { from: number; batches: readonly Batch[] } | null {
  const record = parseObject(line)
  if (typeof record?.from !== 'number' || !Array.isArray(record.batches)) return null
  const batches = record.batches.map((entry: unknown): Batch | null => {
    if (!Array.isArray(entry)) return null
    const [layout, prefix, tokens, sequences, reused, carried = 0, kept = 0] = entry as unknown[]
    const valid =
      (layout === 'padded' || layout === 'shared') &&
      areNumbers([prefix, tokens, carried, kept]) &&
      areNumbers(sequences) &&
      (reused === undefined || (areNumbers(reused) && reused.length === sequences.length))
    if (!valid) return null
    return {
      layout,
      prefix,
      tokens,
      sequences,
      ...(reused !== undefined && { reused }),
      ...((carried as number) > 0 && { carried }),
      ...((kept as number) > 0 && { kept }),
    } as Batch
  })
  return batches.includes(null) ? null : { from: record.from, batches: batches as Batch[] }
}

export function parseObject(line: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
