import type { Reward } from '../reward.ts'
import { strEval } from './str.ts'

/** The expected refusal, word for word. */
export const shouldNotAnswerEval: Reward = { ...strEval, name: 'should_not_answer_eval', title: 'Refuses as expected' }
