import { createHash } from 'node:crypto'
import { DigestMap, digestOf } from '../../digest-map.ts'
import { promptCluster } from '../../plain-text.ts'
import { type Check, type CheckedRow, type CheckedText, type Finding, RowList } from './checked-row.ts'

const digest = (parts: readonly string[]) => digestOf(createHash('sha256').update(JSON.stringify(parts)).digest())
const answerKey = ({ molecule, answer, text }: CheckedText): string => molecule ?? answer ?? text

/** The same pair twice: word for word, or the same two answers to the same question. Two digests per row, 34–69 bytes each. */
export class DuplicateCheck implements Check {
  private readonly texts = new DigestMap()
  private readonly answers = new DigestMap()
  private readonly wordForWord = new RowList()
  private readonly sameAnswers = new RowList()
  private readonly sameText = new RowList()

  see({ id, prompt, chosen, rejected }: CheckedRow): void {
    const cluster = promptCluster(prompt)
    if (rejected.some(({ text }) => text === chosen.text)) this.sameText.add(id)
    const texts = digest([cluster, chosen.text, ...rejected.map(({ text }) => text)])
    if (this.texts.get(texts) !== null) {
      this.wordForWord.add(id)
      return
    }
    this.texts.set(texts, 0)
    // whether an answer stands in its tags is part of what it is: a broken format is another pair
    const answers = digest([cluster, ...[chosen, ...rejected].map((text) => `${text.formatted} ${answerKey(text)}`)])
    if (this.answers.get(answers) !== null) this.sameAnswers.add(id)
    else this.answers.set(answers, 0)
  }

  *findings(): Iterable<Finding> {
    yield* this.wordForWord.finding('duplicate', (rows) => `${rows} repeat an earlier one word for word`)
    yield* this.sameAnswers.finding(
      'duplicate',
      (rows) => `${rows} have the question and the answers of an earlier one`,
    )
    yield* this.sameText.finding('same_text', (rows) => `${rows}: a rejected text is the chosen one`)
  }
}

/** What of one split stands in another: questions, right molecules, scaffolds. Three digests per row, 34–69 bytes each. */
export class LeakageCheck implements Check {
  private readonly splits: string[] = []
  private readonly found = new Map<string, RowList>()
  private readonly seen = { prompt: new DigestMap(), molecule: new DigestMap(), scaffold: new DigestMap() }

  /** @param listed a row of the file that is checked, not of a split that it is held against */
  see(row: CheckedRow, listed = true): void {
    const { molecule, scaffold } = row.chosen
    this.look('prompt', promptCluster(row.prompt), row, listed)
    if (molecule !== null) this.look('molecule', molecule, row, listed)
    // molecules without rings have no scaffold in common
    if (scaffold !== null && scaffold !== '') this.look('scaffold', scaffold, row, listed)
  }

  private look(what: keyof typeof this.seen, value: string, { id, split }: CheckedRow, listed: boolean): void {
    const key = digest([what, value])
    const first = this.seen[what].get(key)
    if (first === null) {
      this.seen[what].set(key, this.numberOf(split))
      return
    }
    const other = this.splits[first]!
    if (!listed || other === split) return
    const pair = JSON.stringify([what, split, other])
    const rows = this.found.get(pair) ?? new RowList()
    rows.add(id)
    this.found.set(pair, rows)
  }

  private numberOf(split: string): number {
    const known = this.splits.indexOf(split)
    return known >= 0 ? known : this.splits.push(split) - 1
  }

  *findings(): Iterable<Finding> {
    const WHAT = { prompt: 'question', molecule: 'right molecule', scaffold: "right molecule's scaffold" } as const
    for (const [pair, rows] of this.found) {
      const [what, split, other] = JSON.parse(pair) as [keyof typeof WHAT, string, string]
      yield* rows.finding(
        `leakage_${what}`,
        (count) =>
          `${count}${split === '' ? '' : ` of ${split}`} whose ${WHAT[what]} stands in ${other || 'this file'}, too`,
      )
    }
  }
}
