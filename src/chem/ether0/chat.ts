import { PythonError } from '../../python/error.ts'
import type { Message } from '../../types.ts'
import { ANSWER_END, ANSWER_START, extractAnswerLoose, THINK_END, THINK_START } from './answer.ts'

/** ether0's `ChatArguments`: how its training conversations are put together. */
export interface ChatArguments {
  readonly sysPrompt: 'scientific_ai' | null
  readonly problemPrompt: 'none' | 'think_answer' | 'answer'
  /** Answers carry their thought. */
  readonly reasoning: boolean
}

const SYSTEM = 'You are a scientific reasoning AI assistant.'
const SETTING = 'A conversation between User and Assistant. The user asks a question, and the Assistant solves it.'
const PROBLEM_PROMPTS: Readonly<Record<ChatArguments['problemPrompt'], string>> = {
  none: '',
  think_answer:
    `${SETTING} The assistant first thinks about the reasoning process in the mind and then provides the user with the answer.` +
    ` The reasoning process and answer are enclosed within ${THINK_START} ${THINK_END} and ${ANSWER_START} ${ANSWER_END} tags,` +
    ` respectively, i.e., ${THINK_START} reasoning process here ${THINK_END}${ANSWER_START} answer here ${ANSWER_END}`,
  answer: `${SETTING} The assistant encloses its answer within ${ANSWER_START} ${ANSWER_END} tags, i.e., ${ANSWER_START} answer here ${ANSWER_END}`,
}

/** `make_rl_conversation` for one row: system prompt and problem, without an answer. */
export function rlConversation(problem: string, { sysPrompt, problemPrompt }: ChatArguments): Message[] {
  const prompt = PROBLEM_PROMPTS[problemPrompt]
  const user = { role: 'user', content: prompt === '' ? problem : `${prompt}\n\n${problem}` }
  return sysPrompt === null ? [user] : [{ role: 'system', content: SYSTEM }, user]
}

/** `make_sft_conversation` for one row: the same with the answer in ether0's tags; `<answer>` tags around it are taken off. */
export function sftConversation(
  row: { readonly problem: string; readonly thought: string; readonly answer: string },
  options: ChatArguments,
): Message[] {
  if (options.reasoning && options.problemPrompt === 'answer') {
    throw new PythonError('ValueError', 'an answer with thoughts under a prompt that asks for the answer alone')
  }
  const answer = row.answer.includes('</answer>') ? extractAnswerLoose(row.answer) : row.answer
  if (answer === '' && row.answer !== '')
    throw new PythonError('ValueError', `no answer in ${JSON.stringify(row.answer)}`)
  const thought = options.reasoning ? THINK_START + row.thought + THINK_END : ''
  const content = thought + ANSWER_START + answer + ANSWER_END
  return [...rlConversation(row.problem, options), { role: 'assistant', content }]
}
