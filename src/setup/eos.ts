import { join } from 'node:path'
import { UsageError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { readRegular } from '../read-regular.ts'
import type { LoadedModel } from './models.ts'

/** Tokens that end a text, and who says so. */
export interface EosIds {
  readonly ids: readonly number[]
  /** A file's name, or `tokenizer`; null where nobody names any. */
  readonly from: string | null
  /** Sampling that generation_config.json recommends, which is not taken over; null where there is none. */
  readonly recommended: string | null
}

const LARGEST = 10_000_000
const FILES = ['generation_config.json', 'config.json'] as const
const SAMPLING = ['temperature', 'top_p', 'top_k', 'min_p', 'repetition_penalty'] as const

/**
 * `eos_token_id` of generation_config.json, else of config.json (as transformers has it), else the tokenizer's. An adapter's own files
 * come before its base's.
 */
export function eosIdsOf({ resolved, base, tokenizer, description, name }: LoadedModel): EosIds {
  const dirs = [resolved.dir, ...(base === null ? [] : [base.dir])]
  const files = FILES.flatMap((file) => dirs.map((dir) => ({ file, record: recordOf(join(dir, file)) })))
  const generation = files.find(({ file, record }) => file === FILES[0] && record !== null)?.record ?? null
  const recommended = generation === null || generation.do_sample === false ? null : samplingOf(generation)
  for (const { file, record } of files) {
    const ids = record === null ? null : idsOf(record)
    if (ids === null) continue
    const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= description.vocabSize)
    if (bad !== undefined)
      throw new UsageError(`${file} names ${bad} as eos_token_id, which is no token of ${name}`, '--model')
    return { ids, from: file, recommended }
  }
  return tokenizer.eosId === null
    ? { ids: [], from: null, recommended }
    : { ids: [tokenizer.eosId], from: 'tokenizer', recommended }
}

type Fields = Readonly<Record<string, unknown>>

function idsOf(record: Fields): readonly number[] | null {
  const text = isRecord(record.text_config) ? record.text_config : {}
  const value = record.eos_token_id ?? (text as Fields).eos_token_id
  const ids = Array.isArray(value) ? value : value == null ? [] : [value]
  return ids.length === 0 ? null : (ids as readonly number[])
}

/** @example 'temperature 0.6, top_p 0.9' */
function samplingOf(record: Fields): string | null {
  const said = SAMPLING.flatMap((key) => (typeof record[key] === 'number' ? [`${key} ${record[key]}`] : []))
  return said.length === 0 ? null : said.join(', ')
}

function recordOf(path: string): Fields | null {
  try {
    const value: unknown = JSON.parse(readRegular(path, LARGEST).toString('utf8'))
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}
