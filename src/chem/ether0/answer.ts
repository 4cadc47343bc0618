import { isPySpace, pyStrip, pyTrimEnd } from '../../python/strings.ts'

/** ether0's tags around reasoning and answer. */
export const THINK_START = '<|think_start|>'
export const THINK_END = '<|think_end|>'
export const ANSWER_START = '<|answer_start|>'
export const ANSWER_END = '<|answer_end|>'

const LOOSE_START = '<answer>'
const LOOSE_END = '</answer>'

/**
 * ether0's `extract_thought_answer_strict`: the whole text must be a thought and an answer in their tags (an answer alone where
 * `reasoning` is false), nothing after, at most one white-space character before. [null, null] where it is not, or where tags nest;
 * an empty answer is null. One pass, equal to Python's lazy patterns, which are quadratic on hostile text.
 * @example extractThoughtAnswerStrict('<|answer_start|> CCO <|answer_end|>', false) // [null, 'CCO']
 */
export function extractThoughtAnswerStrict(
  text: string,
  reasoning: boolean,
): [thought: string | null, answer: string | null] {
  const end = text.length - ANSWER_END.length
  const start = isPySpace(text.charAt(0)) ? 1 : 0
  const opening = reasoning ? THINK_START : ANSWER_START
  if (!text.endsWith(ANSWER_END) || !text.startsWith(opening, start)) return [null, null]
  const afterOpening = start + opening.length
  if (!reasoning) {
    const answer = pyStrip(text.slice(afterOpening, Math.max(end, afterOpening)))
    return afterOpening > end || answer === '' || answer.includes(ANSWER_START) ? [null, null] : [null, answer]
  }
  const thoughtEnd = text.indexOf(THINK_END, afterOpening)
  if (thoughtEnd < 0) return [null, null]
  const answerStart = text.indexOf(ANSWER_START, thoughtEnd + THINK_END.length)
  if (answerStart < 0 || answerStart + ANSWER_START.length > end) return [null, null]
  const thought = pyStrip(text.slice(afterOpening, thoughtEnd))
  const between = text.slice(thoughtEnd + THINK_END.length, answerStart)
  const answer = pyStrip(text.slice(answerStart + ANSWER_START.length, end))
  if (thought.includes(THINK_START) || between.includes(THINK_START) || answer.includes(ANSWER_START))
    return [null, null]
  return [thought, answer === '' ? null : answer]
}

/**
 * ether0's `extract_answer_loose`: the last `<answer>…</answer>`, trimmed; '' where there is none or it nests. As in Python's
 * `<answer>\s*(\S[\s\S]*?)\s*</answer>`, an empty pair of tags swallows the text up to the next closing tag.
 * @example extractAnswerLoose('so <answer> CCO </answer>.') // 'CCO'
 */
export function extractAnswerLoose(text: string | null): string {
  const source = text ?? ''
  let last = ''
  let at = 0
  for (;;) {
    const opening = source.indexOf(LOOSE_START, at)
    if (opening < 0) break
    let first = opening + LOOSE_START.length
    while (first < source.length && isPySpace(source[first]!)) first++
    // the first character belongs to the answer whatever it is
    const width = (source.codePointAt(first) ?? 0) > 0xffff ? 2 : 1
    const closing = source.indexOf(LOOSE_END, first + width)
    if (closing < 0) break
    last = source.slice(first, first + width) + pyTrimEnd(source.slice(first + width, closing))
    at = closing + LOOSE_END.length
  }
  return last.includes(LOOSE_START) ? '' : last
}

const SMILES_PATTERN =
  /(?<![\p{L}\p{N}_])(?:Cl|Br|[BCNOPSFIcnops]|\[[^\]]+?\]|[0-9@+\-=#\\/()%]){4,}(?![\p{L}\p{N}_])/gu

/** `SMILES_PATTERN.findall` of ether0's data module: strings in a text that look like SMILES. */
export const findSmiles = (text: string): string[] => text.match(SMILES_PATTERN) ?? []
