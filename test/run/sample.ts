import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a reader sees of a report before its provenance, which has dates and paths: a line per piece of text, titles of tables and figures included. */
function visible(html: string): string[] {
  const page = html.slice(html.indexOf('<body'), html.indexOf('<section id="provenance"'))
  return page
    .replaceAll(/<(script|style)\b[\s\S]*?<\/\1>/g, '')
    .replaceAll(/<[^>]+>/g, '\n')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The files of docs/sample as a run has them: tables and sentences as they are, of the report what is seen. */
export function sampleOf(folder: string): Readonly<Record<string, string | readonly string[]>> {
  const read = (...name: string[]): string => readFileSync(join(folder, ...name), 'utf8')
  return {
    'report.html': visible(read('report.html')),
    'methods.md': read('methods.md'),
    'references.bib': read('references.bib'),
    ...Object.fromEntries(
      readdirSync(join(folder, 'tables')).map((name): [string, string] => [`tables/${name}`, read('tables', name)]),
    ),
  }
}
