import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const has = (command: string, words: readonly string[]): boolean => spawnSync(command, words).status === 0
export const hasTex = has('pdflatex', ['--version'])
/** What a skipped test says on the screen. */
export const TEX = hasTex
  ? 'pdflatex'
  : 'skipped: there is no pdflatex (Debian: texlive-latex-recommended texlive-publishers)'

/** Document classes, one and two columns; those of journals where TeX has them and their fonts. */
const CLASSES: readonly (readonly [name: string, begin: string, needs: readonly string[]])[] = [
  ['article', '\\documentclass[10pt]{article}', []],
  ['two columns', '\\documentclass[10pt,twocolumn]{article}', []],
  ['two columns on A4', '\\documentclass[10pt,twocolumn,a4paper]{article}', []],
  ['IEEE', '\\documentclass[conference]{IEEEtran}', ['IEEEtran.cls', 'ptmb7t.tfm']],
  ['APS', '\\documentclass[reprint,aps,prx,floatfix]{revtex4-2}', ['revtex4-2.cls']],
]

/** What TeX complains of, by class: errors, warnings, boxes that are too full or too empty. Every file is set on pages of its own. */
export function complaints(folder: string, files: readonly string[], classes = CLASSES.length): string[] {
  return CLASSES.slice(0, classes)
    .filter(([, , needs]) => needs.every((file) => has('kpsewhich', [file])))
    .flatMap(([name, begin], i) => {
      const job = `compile-${i}`
      const body = files.map((file) => `Text. \\input{${file}}${'\\newpage Text.'.repeat(4)}\\newpage`)
      writeFileSync(
        join(folder, `${job}.tex`),
        `${begin}\n\\usepackage{array,booktabs}\n\\begin{document}\n${body.join('\n')}\n\\end{document}\n`,
      )
      // twice, as labels want it
      for (const _ of [1, 2]) spawnSync('pdflatex', ['-interaction=nonstopmode', `${job}.tex`], { cwd: folder })
      const log = readFileSync(join(folder, `${job}.log`), 'latin1')
      if (!log.includes('Output written on')) return [`${name}: nothing was written: ${log.slice(-2000)}`]
      return log
        .split('\n')
        .filter(
          (line) =>
            /^!|Warning|^(Over|Under)full|multiply defined/.test(line) && !line.includes('No journal specified'),
        )
        .map((line) => `${name}: ${line}`)
    })
}
