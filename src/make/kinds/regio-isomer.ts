import { moveOnRing } from '../edits/move.ts'
import type { Kind } from '../kind.ts'
import { byEdit } from './by-edit.ts'

export const regioIsomer: Kind = {
  name: 'regio_isomer',
  title: 'a substituent at another place of its ring',
  hard: true,
  contrasts: (subject, random) => byEdit(moveOnRing, ['name'], subject, random),
}
