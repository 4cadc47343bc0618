import { packageVersion } from '../../package.ts'
import { pageFrame } from '../html/frame.ts'
import { LIMITS, type Limits } from '../html/limits.ts'
import { html, type Markup } from '../html/markup.ts'
import { count, plural } from '../html/numbers.ts'
import type { CompareInput } from './input.ts'
import { alike } from './sections/alike.ts'
import { baselines } from './sections/baselines.ts'
import { bestOf } from './sections/best-of.ts'
import { differences } from './sections/differences.ts'
import { disagreements } from './sections/disagreements.ts'
import { drift } from './sections/drift.ts'
import { groupRows } from './sections/group-rows.ts'
import { groups } from './sections/groups.ts'
import { invariance } from './sections/invariance.ts'
import { leaderboard } from './sections/leaderboard.ts'
import { lengths } from './sections/lengths.ts'
import { pairs } from './sections/pairs.ts'
import { provenance } from './sections/provenance.ts'
import { onlySteps, steps } from './sections/steps.ts'
import { strata } from './sections/strata.ts'
import { subsets } from './sections/subsets.ts'
import { verifier } from './sections/verifier.ts'

/**
 * report.html of an analysis: the scorers of one data set beside each other. One file that opens from disk, with no request and no
 * script but its own; every text of the data is escaped. The same input gives the same bytes.
 * @param limits what fits into a page; what does not is left out, and the page says so
 */
export function renderComparison(input: CompareInput, limits: Limits = LIMITS): Markup {
  const whole = [
    leaderboard(input),
    strata(input, limits),
    baselines(input),
    differences(input, limits),
    subsets(input, limits),
    bestOf(input),
    verifier(input),
    groups(input, limits),
    steps(input),
    invariance(input),
    alike(input, limits),
    lengths(input),
    drift(input),
    disagreements(input),
    pairs(input, limits),
    groupRows(input, limits),
    provenance(input),
  ]
  // runs of run-process have no completions that the other chapters could be of
  const sections = onlySteps(input.files) ? [steps(input), provenance(input)] : whole
  const { dataset, runs, settings, command } = input
  return pageFrame(
    {
      title: `${plural(runs.length, 'run')} on ${dataset}`,
      kicker: 'Learned and verifiable rewards in chemistry',
      heading: html`${dataset}<small> ${runs.length === 1 ? 'one scorer' : `${count(runs.length)} scorers beside each other`}</small>`,
      facts: [
        ['Scorers', runs.map(({ scorer }) => scorer).join(', ')],
        [
          'Data',
          [...new Set(runs.map(({ dataSha256 }) => dataSha256))]
            .map((sha) => (sha === null ? 'hash not said' : `SHA-256 ${sha.slice(0, 12)}…`))
            .join(', '),
        ],
        ['Resamples', count(settings.resamples)],
        ['Seed', String(settings.seed)],
        ['Made by', `chemherm ${packageVersion}, ${command}`],
      ],
    },
    sections.filter((section) => section !== null),
  )
}
