import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { type Label, labelOf } from '../agreement/latex/label.ts'
import { latexTable } from '../agreement/latex/table.ts'
import { type Methods, type MethodsInput, scorerName } from '../agreement/methods.ts'
import { markdownTable, type PaperTable } from '../agreement/tables.ts'
import { writeWhole } from '../report/manifest.ts'
import { makeOutputFolder } from '../setup/folder.ts'

/** ◆ Writes tables/<name>.md and tables/<name>.tex. */
export async function writeTables(folder: string, tables: Iterable<PaperTable>, label: Label): Promise<void> {
  for (const table of tables) {
    await writeText(join(folder, `tables/${table.name}.md`), markdownTable(table))
    await writeText(join(folder, `tables/${table.name}.tex`), latexTable(table, label))
  }
}

/** ◆ Writes methods.md and references.bib. */
export async function writeMethods(folder: string, { text, bibliography }: Methods): Promise<void> {
  await writeText(join(folder, 'methods.md'), text)
  await writeText(join(folder, 'references.bib'), bibliography)
}

/** ◆ Writes a file, whole or not at all, with its folder. */
export async function writeText(path: string, text: string): Promise<void> {
  makeOutputFolder(dirname(path))
  await writeWhole(path, text)
}

/** Labels of a run: everything that its methods say goes into their tag, so that the same model under other settings has others. */
export const runLabel = (methods: MethodsInput): Label =>
  taggedLabel([methods.model === 'none' ? 'verifiable' : scorerName(methods), methods.dataset], methods)

/** @param facts all that tells the run from others, as JSON has it */
export const taggedLabel = (names: readonly string[], facts: unknown): Label =>
  labelOf(names, createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 6))
