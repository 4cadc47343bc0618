import type { BootstrapSettings } from '../src/agreement/accuracy.ts'
import type { Methods } from '../src/agreement/methods.ts'
import { bibliography, Citations } from '../src/agreement/references.ts'
import { packageVersion } from '../src/package.ts'
import { markdownText, visibleLine } from '../src/visible-text.ts'
import type { PairedTest } from './paired-tests.ts'
import type { Aligned, Scorer } from './scorers.ts'

/** What the comparison of runs did, as far as its words depend on it. */
export interface AnalysisMethods {
  readonly dataset: string
  readonly aligned: Pick<Aligned, 'pairs' | 'dropped'>
  /** Models and verifiers that are compared. */
  readonly models: readonly string[]
  /** Members of the ensembles; none where there is no ensemble. */
  readonly ensemble: readonly Scorer['name'][]
  readonly tests: readonly Pick<PairedTest, 'test' | 'mcnemar' | 'family'>[]
  readonly groups: boolean
  readonly settings: BootstrapSettings
}

const number = (n: number): string => n.toLocaleString('en-US')
const shown = (text: string): string => markdownText(visibleLine(text))

/** methods.md and references.bib of an analysis: what it adds to those of the runs. */
export function analysisMethods({
  dataset,
  aligned,
  models,
  ensemble,
  tests,
  groups,
  settings,
}: AnalysisMethods): Methods {
  const citations = new Citations()
  const { cite } = citations
  const has = (...names: readonly PairedTest['test'][]): boolean => tests.some(({ test }) => names.includes(test))
  const dropped = Object.entries(aligned.dropped).filter(([, n]) => n > 0)
  const sentences = [
    `Runs on ${shown(dataset)} were compared by chemherm ${packageVersion}${cite('chemherm')}: ${models.map(shown).join(', ')}. How each was made stands in its own methods.md.`,
    aligned.pairs.n === 0
      ? 'They have no pair in common.'
      : `They share ${number(aligned.pairs.n)} pairs${dropped.length === 0 ? '' : `; further pairs that another run lacks are left out (${dropped.map(([name, n]) => `${shown(name)} ${number(n)}`).join(', ')})`}.`,
    `Intervals are 95 %, from ${number(settings.resamples)} bootstrap resamples of prompts with all their rows${cite('field2007clustered')} (percentile, seed ${settings.seed}); Wilson's${cite('wilson1927')} with prompts as the sample size where a proportion is 0 or 1.`,
    ...(ensemble.length === 0
      ? []
      : [
          `Ensembles are of ${ensemble.map(shown).join(', ')}: each model's scores as z-scores over its own run, then per completion their mean, the least of them, or the mean less the sample standard deviation.`,
        ]),
    ...(has('sign_flip', 'sign_flip_drawn', 'sign_flip_saddlepoint')
      ? [
          'Two scorers are compared on the same rows by flipping the signs of the differences of whole prompts, two-sided.',
        ]
      : []),
    ...(tests.some(({ mcnemar }) => mcnemar !== null)
      ? [
          `McNemar's test${cite('mcnemar1947')} on strict wins (exact below 25 discordant pairs, else mid-p) stands beside it.`,
        ]
      : []),
    ...(has('delong', 'delong_clustered')
      ? [
          `AUROCs are compared by DeLong's test${cite('delong1988')}${has('delong_clustered') ? ', with the rows of a prompt as a cluster' : ''}.`,
        ]
      : []),
    ...(tests.length < 2
      ? []
      : [
          `p-values are adjusted within each family of tests by Holm${cite('holm1979')} and by Benjamini and Hochberg${cite('benjamini1995')}.`,
        ]),
    ...(groups ? [`Best of n and its ties follow RewardBench 2${cite('malik2025rewardbench2')}.`] : []),
  ]
  return { text: `## Methods\n\n${sentences.join(' ')}\n`, bibliography: bibliography(citations.keys, packageVersion) }
}
