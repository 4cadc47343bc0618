import type { Message, Unscored } from '../types.ts'

/** User and assistant in turn, the user first. */
export const isInTurn = (messages: readonly Message[]): boolean =>
  messages.every(({ role }, i) => role === (i % 2 === 0 ? 'user' : 'assistant'))

/** Why a row does not fit a format of user and assistant in turn. @example turnTrouble('the prompt is', prompt) */
export const turnTrouble = (what: string, messages: readonly Message[] = []): Unscored => ({
  reason: 'pair_turns',
  message: `${[what, messages.map(({ role }) => role).join(', ')].filter((part) => part !== '').join(' ')}; the model's format takes user and assistant in turn, the same user's turns for both answers`,
})
