import { swapElement } from '../edits/swap.ts'
import type { Kind } from '../kind.ts'
import { byEdit } from './by-edit.ts'

export const elementSwap: Kind = {
  name: 'element_swap',
  title: 'one heavy atom of another element (F9 → Cl)',
  hard: true,
  contrasts: (subject, random) => byEdit(swapElement, ['name', 'formula', 'groups'], subject, random),
}
