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

/** A question that names the choice which others call so; null where none is. @example meant('float32', ['fp32', 'bf16']) // 'Did you mean fp32?' */
export function meant(word: string, choices: readonly string[]): string | null {
  const choice = ALSO[word.toLowerCase()]
  return choice !== undefined && choices.includes(choice) ? `Did you mean ${choice}?` : null
}
