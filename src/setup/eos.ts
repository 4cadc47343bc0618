import { join } from 'node:path'
import { ModelError } from '../errors.ts'
import { isRecord } from '../is-record.ts'
import { modelBytes, modelText, parseModelObject } from '../untrusted-json.ts'
import type { LoadedModel } from './models.ts'

/** Tokens that end a text, and who says so. */
export interface EosIds {
  readonly ids: readonly number[]
  /** A file's name, or `tokenizer`; null where nobody names any. */
  readonly from: string | null
  /** Sampling that generation_config.json recommends, which is not taken over; null where there is none. */
  readonly recommended: string | null
  /** What else generation_config.json asks of every decoding, greedy too, and is not done; null where there is none. */
  readonly unmet: string | null
}

const LARGEST = 10_000_000
/** Characters of a rule's value that are said. */
const SAID = 60
const FILES = ['generation_config.json', 'config.json'] as const
const SAMPLING = ['temperature', 'top_p', 'top_k', 'min_p', 'repetition_penalty'] as const
/** Rules that change the logits or the end of a text whatever the temperature, with the value that changes nothing. */
const RULES: Readonly<Record<string, number | null>> = {
  repetition_penalty: 1,
  no_repeat_ngram_size: 0,
  min_length: 0,
  min_new_tokens: 0,
  stop_strings: null,
  suppress_tokens: null,
  begin_suppress_tokens: null,
  bad_words_ids: null,
  sequence_bias: null,
  forced_bos_token_id: null,
  forced_eos_token_id: null,
  exponential_decay_length_penalty: null,
}

/**
 * `eos_token_id` of generation_config.json, else of config.json (as transformers has it), else the tokenizer's. An adapter's own files
 * come before its base's.
 * @throws ModelError where generation_config.json cannot be read, or an id is no token of the model
 */
export function eosIdsOf({ resolved, base, tokenizer, description, name }: LoadedModel): EosIds {
  const dirs = [resolved.dir, ...(base === null ? [] : [base.dir])]
  const files = FILES.flatMap((file) => dirs.map((dir) => ({ file, record: recordOf(join(dir, file)) })))
  const generation = files.find(({ file, record }) => file === FILES[0] && record !== null)?.record ?? null
  const recommended = generation === null || generation.do_sample === false ? null : samplingOf(generation)
  const unmet = generation === null ? null : rulesOf(generation)
  for (const { file, record } of files) {
    const ids = record === null ? null : idsOf(record)
    if (ids === null) continue
    const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= description.vocabSize)
    if (bad !== undefined)
      throw new ModelError(
        `${file} names ${JSON.stringify(bad)} as eos_token_id, which is no token of ${name}`,
        name,
        `A number from 0 to ${description.vocabSize - 1} is one, or a list of them.`,
      )
    return { ids, from: file, recommended, unmet }
  }
  return tokenizer.eosId === null
    ? { ids: [], from: null, recommended, unmet }
    : { ids: [tokenizer.eosId], from: 'tokenizer', recommended, unmet }
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

/** @example 'repetition_penalty 1.1, suppress_tokens [3]' */
function rulesOf(record: Fields): string | null {
  const said = Object.entries(RULES).flatMap(([key, idle]) => {
    const value = Object.hasOwn(record, key) ? record[key] : null
    if (value == null || value === idle || (Array.isArray(value) && value.length === 0)) return []
    const text = JSON.stringify(value)
    return [`${key} ${text.length > SAID ? `${text.slice(0, SAID)}…` : text}`]
  })
  return said.length === 0 ? null : said.join(', ')
}

/** null where there is no such file. A config.json that is damaged was refused before. */
function recordOf(path: string): Fields | null {
  try {
    const bytes = modelBytes(path, path, LARGEST)
    return bytes === null ? null : parseModelObject(modelText(bytes, path), path)
  } catch (error) {
    if (error instanceof ModelError) throw unreadable(path, error.message)
    throw error
  }
}

const unreadable = (path: string, why: string): ModelError =>
  new ModelError(
    `what ends a text cannot be read: the file ${why}`,
    path,
    "Mend the file, or delete it: then config.json's eos_token_id is taken.",
  )
