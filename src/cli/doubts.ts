import type { JoinedRow } from '../join.ts'
import type { WorkDone } from '../run.ts'
import { NOT_EMBEDDED } from '../score/bounds.ts'
import { type ScoreWatch, tokenDoubts } from '../score/doubts.ts'
import type { Subject } from '../score/subject.ts'

/** The rows as they come, watched on the way. */
export async function* watched(rows: AsyncIterable<JoinedRow>, watch: ScoreWatch): AsyncGenerator<JoinedRow> {
  for await (const row of rows) {
    for (const [i, { score }] of row.completions.entries()) watch.see({ score, textSha256: row.details[i]!.textSha256 })
    yield row
  }
}

/** Warnings about scores that say nothing, for the screen and the manifest. */
export function doubtsOf(
  watch: ScoreWatch,
  work: readonly WorkDone[],
  subjects: readonly Subject[],
  completions: number,
): string[] {
  const tokens = work.flatMap(({ reasons, sameTokens }, m) =>
    tokenDoubts({ name: subjects[m]!.name, completions, notEmbedded: reasons[NOT_EMBEDDED] ?? 0, sameTokens }),
  )
  return [...new Set([...tokens, ...(watch.warning === null ? [] : [watch.warning])])]
}
