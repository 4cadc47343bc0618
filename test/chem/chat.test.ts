import { describe, expect, it } from 'vitest'
import { type ChatArguments, rlConversation, sftConversation } from '../../src/chem/ether0/chat.ts'
import { golden, raised } from './golden.ts'

type OneOrMany = string | string[]
interface ChatCase {
  readonly id: string
  readonly fn: 'make_rl_conversation' | 'make_sft_conversation'
  readonly args: {
    readonly sys_prompt: ChatArguments['sysPrompt']
    readonly problem_prompt: ChatArguments['problemPrompt']
    readonly reasoning: boolean
  }
  readonly row: { readonly problem: OneOrMany; readonly thought?: OneOrMany; readonly answer?: OneOrMany }
  readonly value?: { readonly prompt?: unknown; readonly messages?: unknown }
  readonly error?: { readonly class: string }
}
const many = (value: OneOrMany | undefined): string[] => (value === undefined ? [] : [value].flat())

describe('chat', () => {
  // columns of unequal length have no counterpart: ours takes one row
  const cases = golden<ChatCase>('chat').filter(
    ({ fn, row }) => fn === 'make_rl_conversation' || many(row.thought).length === many(row.answer).length,
  )
  it.each(cases)('$id', ({ fn, args, row, value, error }) => {
    const options = { sysPrompt: args.sys_prompt, problemPrompt: args.problem_prompt, reasoning: args.reasoning }
    const make = (): unknown[] =>
      many(row.problem).map((problem, i) =>
        fn === 'make_rl_conversation'
          ? rlConversation(problem, options)
          : sftConversation({ problem, thought: many(row.thought)[i]!, answer: many(row.answer)[i]! }, options),
      )
    if (error !== undefined) {
      expect(raised(make)).toBe(error.class)
      return
    }
    const made = make()
    expect(Array.isArray(row.problem) ? made : made[0]).toEqual(
      fn === 'make_rl_conversation' ? value!.prompt : value!.messages,
    )
  })
})
