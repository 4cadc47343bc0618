import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { GenerationOptions } from '../../src/generate/generate.ts'
import { type DecoderOptions, startDecoder } from '../../src/model/decoder.ts'
import { openModel } from '../../src/model/open.ts'
import { packagePath } from '../../src/package.ts'
import type { Decoder } from '../../src/types.ts'
import { openGolden } from '../model/runner.ts'

/** Starts a checkpoint of a folder to continue texts. */
export const decoderOf = async (dir: string, options: DecoderOptions = {}): Promise<Decoder> =>
  startDecoder(openModel(openGolden(dir), { kind: 'logProb', device: 'cpu', dtype: 'auto', generates: true }), options)

export const readPacked = (path: string): unknown =>
  JSON.parse(gunzipSync(readFileSync(packagePath('test/data/generation', path))).toString('utf8'))

/** Greedy, to the limit. */
export const GREEDY: GenerationOptions = {
  n: 1,
  maxNewTokens: 96,
  temperature: 0,
  topP: 1,
  eosIds: new Set(),
  stop: [],
  seed: 0,
  decode: (ids) => ids.join(' '),
  maxPositions: 512,
  budget: { rows: 16, tokens: 1 << 20, promptTokens: 1024 },
}
