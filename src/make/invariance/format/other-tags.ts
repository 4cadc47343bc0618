import { ANSWER_END, ANSWER_START, THINK_END, THINK_START } from '../../../chem/ether0/answer.ts'
import type { Transformation } from '../transformation.ts'

/**
 * Thought and answer in the other kind of tags: `<think>` and `<answer>` for ether0's, ether0's for those or for none. ether0's training rule
 * asks for its own.
 */
export const otherTags: Transformation = {
  name: 'other_tags',
  family: 'format',
  same: true,
  make({ envelope: { form, thought, answer } }) {
    if (form === 'strict') return [`${thought === null ? '' : `<think>${thought}</think>`}<answer>${answer}</answer>`]
    return [`${THINK_START}${thought ?? ''}${THINK_END}${ANSWER_START}${answer}${ANSWER_END}`]
  },
}
