import { homologues } from '../edits/homologue.ts'
import type { Kind } from '../kind.ts'
import { byEdit } from './by-edit.ts'

export const ch2: Kind = {
  name: 'ch2',
  title: 'one CH2 more or less',
  hard: true,
  contrasts: (subject, random) => byEdit(homologues, ['name', 'formula', 'groups'], subject, random),
}
