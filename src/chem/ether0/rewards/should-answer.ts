import { FAIL, PASS, type Reward } from '../reward.ts'

/** Any molecule that RDKit can read. */
export const shouldAnswerEval: Reward = {
  name: 'should_answer_eval',
  title: 'Answers with a molecule',
  judge: (answer, _target, { mols }) => (answer !== '' && mols.read(answer) !== null ? PASS : FAIL),
}
