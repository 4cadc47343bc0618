import { KINDS } from '../../make/kinds/index.ts'
import { PROBLEMS } from '../../make/problems/index.ts'
import { REACTION_PROBLEM } from '../../make/problems/reaction.ts'
import { textTable } from '../../report/table.ts'
import { printText } from '../screen.ts'

/** What `--list-kinds` prints. */
export function listKinds(): number {
  const kinds = [...KINDS.values()].map(({ name, title, hard }) => [name, hard ? 'hard' : 'form', title])
  const problems = [...PROBLEMS.values(), REACTION_PROBLEM].map(({ name, title, standIn }) => [
    name,
    standIn ? 'only when asked for: rests on a stand-in filter' : 'yes',
    title,
  ])
  printText(`${textTable(['kind', 'told by', 'what is wrong'], kinds, [1, 2])}\n\n`)
  printText(`${textTable(['problem', 'asked unless --problems says otherwise', 'question'], problems, [1, 2])}\n`)
  return 0
}
