import { type Methods, scoredWith, statedData } from '../../agreement/methods.ts'
import { bibliography, Citations } from '../../agreement/references.ts'
import { packageVersion } from '../../package.ts'
import { versions } from '../../report/manifest.ts'
import type { Heuristic } from '../../score/process.ts'
import { markdownText, visibleLine } from '../../visible-text.ts'
import { counted } from '../count.ts'
import type { ProcessRun } from './run.ts'

/** What a run that chooses among candidate steps did, as its methods say it. */
export interface ChoiceMethods {
  readonly heuristics: readonly { readonly name: Heuristic; readonly score: string }[]
  /** Rows that were judged. */
  readonly rows: number
  /** Rows that are in no number. */
  readonly lost: number
  /** Whether heuristics are tested against each other. */
  readonly tested: boolean
}

const LAYOUTS: Readonly<Record<string, string>> = {
  none: 'no rationale was shown',
  'rationale-first': 'the rationale stood before the steps',
  'rationale-last': 'the rationale stood behind the steps',
}
const shown = (text: string): string => markdownText(visibleLine(text))

/** methods.md and references.bib of run-process where candidate steps are chosen. */
export function choiceMethods(run: ProcessRun, { heuristics, rows, lost, tested }: ChoiceMethods): Methods {
  const { config, models, channels, data, device } = run
  const citations = new Citations()
  const { cite } = citations
  const named = models.map(({ name, resolved, weightsSha256 }) =>
    scoredWith(shown(name), resolved.revision, weightsSha256),
  )
  const subject = channels[0]?.subject
  const limit = subject?.text.max_length
  const sentences = [
    `Among the candidates for the next step of a trajectory one was chosen, as RATIONALYST${cite('jiang2025rationalyst')} does, by each of: ${heuristics
      .map(({ name, score }) => `${name} (${score})`)
      .join('; ')}. The highest score is chosen, equal scores by the lower index.`,
    named.length === 0
      ? 'No model was run.'
      : `Scores are of ${named.join(' and ')}; ${LAYOUTS[config.layout] ?? config.layout}. Texts were rendered with ${subject?.text.chat_template === 'tokenizer' ? "the model's own chat template" : `the chat template "${shown(String(subject?.text.chat_template))}"`}${limit == null ? '' : `, at most ${limit.toLocaleString('en-US')} tokens`}, and run in ${subject?.dtype} on ${device?.device} with ONNX Runtime ${versions()['onnxruntime-node']}${cite('onnxruntime')}.`,
    `The data set ${statedData(shown(data.name), (data.provenance.sha256 as string | undefined) ?? null)} was read by chemherm ${packageVersion}${cite('chemherm')}; ${counted(rows, 'row')} were judged${lost === 0 ? '' : ` and ${counted(lost, 'row')} could not be (failures.csv says why)`}.`,
    `A choice is right where the candidate is one that the data call right; chance is the mean share of right candidates. Intervals are 95 %, from ${config.resamples.toLocaleString('en-US')} bootstrap resamples of prompts with all their rows${cite('field2007clustered')} (percentile, seed ${config.seed}); Wilson's${cite('wilson1927')} where a proportion is 0 or 1.`,
    ...(tested
      ? [
          `Heuristics are compared on the same rows by flipping the signs of the differences of whole prompts, two-sided, adjusted by Holm${cite('holm1979')}.`,
        ]
      : []),
  ]
  return { text: `## Methods\n\n${sentences.join(' ')}\n`, bibliography: bibliography(citations.keys, packageVersion) }
}
