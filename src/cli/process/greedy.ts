import { InterruptedError } from '../../errors.ts'
import { type GenerationPrompt, generate } from '../../generate/generate.ts'
import { isFailure } from '../../pairs/failure.ts'
import type { StepRow } from '../../pairs/steps.ts'
import { RATIONALE_TOKENS, type StepLogProb, writtenLogProb } from '../../score/process.ts'
import type { StepGeneration } from '../../setup/step-generation.ts'
import type { RowFailure, Unscored } from '../../types.ts'
import { isUnscored } from '../../unscored.ts'
import type { ProcessRun } from './run.ts'

/** What the model's own rationale behind each candidate comes to, by the candidate's index in the data: about 100 bytes each. */
export type WrittenRationales = readonly (StepLogProb | Unscored)[]

const ONE_TOKEN: Unscored = {
  reason: 'one_token',
  message: 'the rationale that the model writes is its last token alone',
}

/**
 * RATIONALYST's choice of a trajectory (inference.py): behind the steps and each candidate the model writes a rationale, greedily; what counts is
 * how likely it is, per token, the last one left out. Nothing of it is kept between runs.
 */
export async function writeRationales(
  { rows, interrupt, log, inspection }: Pick<ProcessRun<StepRow>, 'rows' | 'interrupt' | 'log' | 'inspection'>,
  { generation, encode, options }: StepGeneration,
): Promise<WrittenRationales> {
  const written: (StepLogProb | Unscored)[] = []
  async function* prompts(): AsyncGenerator<GenerationPrompt & { readonly index: number }> {
    let index = 0
    for await (const row of rows() as AsyncIterable<StepRow | RowFailure>) {
      if (isFailure(row)) continue
      for (const candidate of row.candidates) {
        const encoded = encode(row.prompt, [...row.steps, candidate])
        if (isUnscored(encoded)) written[index] = encoded
        else yield { id: `${row.id} ${index}`, ids: encoded.ids, index }
        index++
      }
    }
  }
  const decoder = await generation.open()
  const bar = log.progress('writing rationales', inspection.completions, 'candidates')
  let done = 0
  try {
    const greedy = {
      ...options({ n: 1, temperature: 0, topP: 1, maxNewTokens: RATIONALE_TOKENS, stop: [] }),
      budget: generation.budget(decoder.bytesPerToken),
    }
    for await (const one of generate(decoder, prompts(), greedy, { stopped: interrupt.stopped })) {
      written[one.prompt.index] =
        'unscored' in one ? one.unscored : (writtenLogProb(one.completions[0]!.tokenLogProbs) ?? ONE_TOKEN)
      bar.update(++done)
    }
  } finally {
    bar.stop()
    await decoder.release()
  }
  if (interrupt.stopped()) throw new InterruptedError('interrupted', 'rationales', 'They are written again.')
  return written
}
