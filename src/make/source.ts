import { DataError } from '../errors.ts'
import { isFailure } from '../pairs/failure.ts'
import { Pieces } from '../pairs/pieces.ts'
import { decodeUtf8 } from '../pairs/raw.ts'
import { bytesOf } from '../pairs/unpacked.ts'
import { plain } from '../plain-text.ts'
import { systemWords } from '../system-words.ts'
import type { Row, RowFailure } from '../types.ts'
import { answerOf } from './answers.ts'
import type { Problem } from './problem.ts'
import { readNamedRows } from './read-named.ts'
import type { SubjectInput } from './subject.ts'

/** One usable input row. */
export type SourceItem =
  | { readonly kind: 'subject'; readonly where: string; readonly input: SubjectInput }
  | {
      readonly kind: 'group'
      readonly where: string
      readonly id: string
      readonly prompt: Problem['prompt']
      readonly solution: string
      readonly completions: readonly string[]
    }

export const isRowFailure = (item: SourceItem | RowFailure): item is RowFailure => 'reason' in item

const SMILES_FILE = /\.(smi|smiles|ism)(\.gz)?$/i
export const isSmilesFile = (path: string): boolean => SMILES_FILE.test(path)
/** Longer lines are no molecule: RDKit would take minutes over them. */
const LONGEST_LINE = 10_000

/** The rows of a file, streamed, from the start every time. @throws DataError where it cannot be read or has no row */
export const readSource = (path: string): AsyncGenerator<SourceItem | RowFailure> =>
  isSmilesFile(path) ? smilesLines(path) : dataRows(path)

/** The lines of a file, whichever way they end; null for one of more than 64 MiB. Memory: one line. */
async function* linesOf(path: string): AsyncGenerator<string | null> {
  const line = new Pieces()
  const texts = (): readonly (string | null)[] => {
    const bytes = line.take()
    if (bytes === null) return [null]
    // what is no UTF-8 is no SMILES, and a name behind it is not read
    return (decodeUtf8(bytes) ?? Buffer.from(bytes).toString('latin1')).replace(/\r$/, '').split('\r')
  }
  for await (const chunk of bytesOf(path, path.toLowerCase().endsWith('.gz'))) {
    let from = 0
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      line.add(chunk.subarray(from, to))
      yield* texts()
      from = to + 1
    }
    line.add(chunk.subarray(from))
  }
  if (!line.isEmpty) yield* texts()
}
const NEWLINE = 0x0a

async function* smilesLines(path: string): AsyncGenerator<SourceItem | RowFailure> {
  let number = 0
  let rows = 0
  try {
    for await (const line of linesOf(path)) {
      const where = `${path}:${++number}`
      if (line === null) {
        rows++
        yield failure(where, 'too_long', `a line of more than 64 MiB, at most ${LONGEST_LINE} characters are read`)
        continue
      }
      // a name may follow, behind white space
      const [smiles = ''] = line.trim().split(/\s/, 1)
      if (smiles === '') continue
      rows++
      if (smiles.length > LONGEST_LINE) {
        yield failure(where, 'too_long', `a line of ${smiles.length} characters, at most ${LONGEST_LINE} are read`)
        continue
      }
      // RDKit drops such characters at either end: CCÖ would be ethane
      if (!/^[!-~]*$/.test(smiles)) {
        yield failure(where, 'invalid_smiles', 'a SMILES string has no characters beyond ASCII')
        continue
      }
      if (!smiles.includes('>')) {
        yield { kind: 'subject', where, input: { kind: 'molecule', smiles: withoutMaps(smiles) } }
        continue
      }
      const input = reactionOf(withoutMaps(smiles))
      yield input === null
        ? failure(where, 'not_a_reaction', 'a reaction is reactants>agents>product, with one product')
        : { kind: 'subject', where, input }
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    throw new DataError(systemWords(cause), path, null, { cause })
  }
  if (rows === 0) throw new DataError('there is no row', path)
}

/** Atom maps off: `[CH3:1]` → `[CH3]`, which RDKit reads as C. */
const withoutMaps = (smiles: string): string => smiles.replace(/:\d+\]/g, ']')

/** The largest product is the one that is asked for; others must be small (salts, water). */
function reactionOf(smiles: string): SubjectInput | null {
  const parts = smiles.split('>')
  if (parts.length !== 3) return null
  const [left = '', agents = '', right = ''] = parts
  const reactants = left.split('.').filter((part) => part !== '')
  const products = right.split('.').filter((part) => part !== '')
  const product = products.reduce((a, b) => (b.length > a.length ? b : a), '')
  return reactants.length === 0 || product === '' ? null : { kind: 'reaction', reactants, agents, product }
}

async function* dataRows(path: string): AsyncGenerator<SourceItem | RowFailure> {
  for await (const row of readNamedRows(path, { prompts: true })) yield isFailure(row) ? row : itemOf(row)
}

function itemOf(row: Row): SourceItem | RowFailure {
  const { where, id, solution, completions } = row
  if (solution === null) return failure(where, 'no_solution', 'no "solution": nothing says which answer is right', id)
  const info =
    typeof solution === 'string'
      ? solution
      : [solution.fxn_name, solution.answer_info, solution.problem_type].join('!:!')
  const prompt = typeof row.prompt === 'string' ? row.prompt : [...row.prompt]
  if (row.kind === 'group')
    return { kind: 'group', where, id, prompt, solution: info, completions: completions.map(({ text }) => plain(text)) }
  const right = completions.find(({ role }) => role !== 'rejected')
  const text = right === undefined ? '' : plain(right.text)
  // ether0's "ideal" is the answer alone
  const answer = answerOf(text) ?? (row.kind === 'single' ? text.trim() : '')
  if (answer.length > LONGEST_LINE)
    return failure(
      where,
      'too_long',
      `a right answer of ${answer.length} characters, at most ${LONGEST_LINE} are read`,
      id,
    )
  return answer === ''
    ? failure(where, 'no_answer', 'no right answer: "chosen" in answer tags, or "ideal"', id)
    : { kind: 'subject', where, input: { kind: 'row', prompt, solution: info, answer } }
}

const failure = (where: string, reason: string, message: string, id: string | null = null): RowFailure => ({
  where,
  id,
  reason,
  message,
  hint: null,
})
