import type { Kind } from '../kind.ts'
import { applyRules } from '../problems/reaction.ts'
import { LEAVING_GROUPS } from '../reactions/leaving-groups.ts'
import { byRules } from './by-rules.ts'

/** Of a reaction of the data: only where one of our rules gives its product too, so that we know which group leaves. */
export const leavingGroup: Kind = {
  name: 'leaving_group',
  title: 'the product as if another group had left',
  hard: true,
  contrasts: (subject, random) => byRules(LEAVING_GROUPS, applyRules, subject, random),
}
