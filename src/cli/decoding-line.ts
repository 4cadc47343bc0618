import type { OpenGeneration } from '../setup/generation.ts'

/**
 * How tokens are chosen and what ends a text, for the screen: sampling is said, also where it is the default.
 * @param per what n counts: 'prompt', 'step'
 */
export function decodingLine({ options, eos }: Pick<OpenGeneration, 'options' | 'eos'>, per: string): string {
  const { n, temperature, topP, maxNewTokens, stop, seed, decode } = options
  const how =
    temperature === 0
      ? 'greedy'
      : `temperature ${temperature}${topP < 1 ? `, top-p ${topP}` : ''}, seed ${seed}, ${n} per ${per}`
  const tokens = eos.ids.map((id) => `${id} ${JSON.stringify(decode(Int32Array.of(id)))}`)
  const from = tokens.length === 0 || eos.from === null ? '' : ` (${eos.from})`
  const ends = [
    ...(tokens.length === 0 ? [] : [`${tokens.join(', ')}${from}`]),
    ...stop.map((text) => JSON.stringify(text)),
  ]
  return `decoding: ${how}, at most ${maxNewTokens} tokens; ends at ${ends.length === 0 ? 'nothing else' : ends.join(', ')}`
}
