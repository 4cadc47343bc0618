import { nearest } from '../pairs/nearest.ts'

/** What others call the same. */
const ALSO: Readonly<Record<string, string>> = {
  float32: 'fp32',
  float: 'fp32',
  f32: 'fp32',
  tfloat32: 'tf32',
  float16: 'fp16',
  half: 'fp16',
  f16: 'fp16',
  bfloat16: 'bf16',
  int8: 'q8',
  int4: 'q4',
  gpu: 'cuda',
}

/** A question that names the choice which was probably meant; null where none is near. @example meant('float32', ['fp32', 'bf16']) // 'Did you mean fp32?' */
export function meant(word: string, choices: readonly string[]): string | null {
  const also = ALSO[word.toLowerCase()]
  const choice = also !== undefined && choices.includes(also) ? also : nearest(word, choices)
  return choice === null ? null : `Did you mean ${choice}?`
}
