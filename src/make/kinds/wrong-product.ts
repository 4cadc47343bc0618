import type { Edits } from '../edits/edit.ts'
import { moveElsewhere, moveOnRing } from '../edits/move.ts'
import type { Kind } from '../kind.ts'
import { applyRules } from '../problems/reaction.ts'
import { SITES } from '../reactions/sites.ts'
import { byEdit } from './by-edit.ts'
import { byRules } from './by-rules.ts'

/** The product of the data with one group elsewhere: the same bonds made, at another place. */
const elsewhere: Edits = function* (molecule, random) {
  yield* moveOnRing(molecule, random)
  yield* moveElsewhere(molecule, random)
}

export const wrongProduct: Kind = {
  name: 'wrong_product',
  title: 'the right mechanism at the wrong place, or the wrong way round',
  hard: true,
  *contrasts(subject, random) {
    yield* byRules(SITES, applyRules, subject, random)
    if (subject.reaction !== null) yield* byEdit(elsewhere, [], subject, random)
  },
}
