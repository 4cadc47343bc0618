import { Drawings } from '../html/drawings.ts'
import type { Limits } from '../html/limits.ts'
import { numberText } from '../html/numbers.ts'
import {
  type Column,
  choiceColumn,
  type CompletionDetail,
  type Detail,
  numberColumn,
  type RowTable,
  rowTable,
  textColumn,
} from '../html/row-table.ts'
import { TextPool } from '../html/texts.ts'
import type { ScoredCompletion, ScoredPair } from '../../types.ts'
import type { ComparedPair, ComparedRows, ComparedSide, CompareInput } from './input.ts'
import { shownName } from './names.ts'
