import type { Limits } from '../html/limits.ts'
import { type Chemistry, picked } from '../html/picked.ts'
import {
  type Column,
  choiceColumn,
  type Detail,
  detailOf,
  expectedPart,
  numberColumn,
  type RowTable,
  rowTable,
  textColumn,
} from '../html/row-table.ts'
import type { ComparedGroup, ComparedGroups } from './input.ts'
import type { Letters } from './names.ts'
import { shownName } from './names.ts'
import { outcomeKey } from './pair-rows.ts'

/** What a scorer makes of a group, in a word. */
type GroupOutcome = 'right' | 'wrong' | 'not judged' | 'no pick'
function outcomeOf({ group, picks }: ComparedGroup, scorer: number): GroupOutcome {
  const pick = picks[scorer]!
  if (pick === null) return 'no pick'
  const status = group.completions[pick]!.verifiableStatus
  return status === 'unverifiable' ? 'not judged' : status === 'pass' ? 'right' : 'wrong'
}

/** Rows of the browser of groups of which several scorers pick a completion; null without groups. */
export function comparedGroupTable(
  { groups, scorers, total }: ComparedGroups,
  letters: Letters,
  chemistry: Chemistry,
  limits: Limits,
): RowTable | null {
  if (groups.length === 0) return null
  const { pool, drawings } = picked(chemistry, limits)
  const details = groups.map((one): Detail => {
    const { group, picks, scores, texts } = one
    // each picked completion once, with who picks it
    const cards = [...new Set(picks.filter((pick) => pick !== null))].map((pick) => {
      const completion = group.completions[pick]!
      const who = scorers.filter((_, k) => picks[k] === pick).map((name) => letters.of(name))
      const title = `Completion ${completion.index}, pick of ${who.join(', ')}`
      const { score: _, ...detail } = detailOf(completion, title, pool, drawings.single(completion))
      return texts ? detail : { ...detail, text: null }
    })
    return {
      prompt: texts ? pool.add(group.prompt) : null,
      ...expectedPart(drawings.answers?.expected(group.id), pool, drawings),
      completions: cards,
      numbers: {
        caption: 'Every completion of the group: its verdict, and its score by each scorer; ★ marks the pick.',
        header: ['Completion', 'Verdict', ...scorers.map((name) => letters.of(name))],
        rows: group.completions.map(({ index, verifiableStatus }, i) => [
          `${index}${
            picks.some((pick) => pick === i)
              ? ` ★ ${scorers
                  .filter((_, k) => picks[k] === i)
                  .map((name) => letters.of(name))
                  .join(', ')}`
              : ''
          }`,
          verifiableStatus,
          ...scores.map((of) => of[i]!),
        ]),
      },
    }
  })
  const columns: readonly Column[] = [
    textColumn('id', 'Group', groups, ({ group }) => group.id),
    choiceColumn('subset', 'Subset', groups, ({ group }) => group.subset),
    numberColumn('n', 'Completions', groups, ({ group }) => group.completions.length),
    numberColumn(
      'passed',
      'Right',
      groups,
      ({ group }) => group.completions.filter(({ verifiableStatus }) => verifiableStatus === 'pass').length,
    ),
    ...scorers.map((name, k) =>
      choiceColumn(outcomeKey(k), `${letters.of(name)} ${shownName(name)}`, groups, (one) => outcomeOf(one, k)),
    ),
  ]
  const table = rowTable('groups', columns, details, pool, drawings, total, limits)
  return { ...table, layout: 'picks', versus: { keys: scorers.map((_, k) => outcomeKey(k)), several: {} } }
}
