import { packageVersion } from '../../package.ts'
import { pageFrame } from './frame.ts'
import type { ReportInput } from './input.ts'
import { html, type Markup } from './markup.ts'
import { plural } from './numbers.ts'
import type { Section } from './section.ts'

/** @example counted(input) // '60 groups, 480 completions' */
function counted({ pairs, completions, groups, steps }: ReportInput): string {
  if (steps !== undefined && completions.length === 0) return plural(steps.total, 'row of steps', 'rows of steps')
  const found = groups?.findings ?? []
  const grouped = found.reduce((sum, { group }) => sum + group.completions.length, 0)
  const parts = [
    pairs.length === 0 ? '' : plural(pairs.length, 'pair'),
    found.length === 0 ? '' : `${plural(found.length, 'group')}, ${plural(grouped, 'completion')}`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? plural(completions.length, 'completion') : parts.join(', ')
}

/** The page of one run. */
export function page(input: ReportInput, sections: readonly Section[]): Markup {
  const { run } = input
  const against = run.reference === null ? '' : ` against ${run.reference}`
  return pageFrame(
    {
      title: `${run.model}${against} on ${run.dataset}`,
      kicker: 'Learned and verifiable rewards in chemistry',
      heading: html`${run.model}<small>${against}</small>`,
      facts: [
        ['Data', `${run.dataset}, ${counted(input)}`],
        ['Device', run.device],
        ['Number type', run.dtype],
        ['Seed', run.seed === null ? null : String(run.seed)],
        ['Made by', `chemherm ${packageVersion}, ${run.command}`],
      ],
    },
    sections,
  )
}
