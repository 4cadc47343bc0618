import { fileWords, isReadyMade } from '../model/ready-made/open.ts'
import { adapterLine } from '../setup/adapter.ts'
import type { LoadedModel } from '../setup/models.ts'

/** What a model is, on one line of the screen. */
export const modelLine = ({
  choice,
  name,
  resolved,
  adapter,
  description,
  opened,
  tokenizerFrom,
}: LoadedModel): string =>
  [
    `${choice.role}: ${name}${resolved.revision === null ? '' : `@${resolved.revision.slice(0, 8)}`}`,
    ...(adapter === null ? [] : [adapterLine(adapter)]),
    description.architecture,
    ...(description.parameters === null ? [] : [`${(description.parameters / 1e6).toPrecision(3)} M parameters`]),
    ...(isReadyMade(opened) ? [fileWords(opened)] : []),
    ...(tokenizerFrom === null ? [] : [`tokenizer of ${tokenizerFrom.name}`]),
  ].join(', ')
