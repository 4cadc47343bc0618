import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { packagePath, packageVersion } from '../../package.ts'
import type { ReportInput } from './input.ts'
import { html, Markup } from './markup.ts'
import { plural } from './numbers.ts'
import type { Section } from './section.ts'

const asset = (name: string): string => readFileSync(packagePath('src/report/html/assets', name), 'utf8')
const STYLE = asset('report.css')
const SCRIPT = `'use strict'\n${asset('elements.js')}${asset('browser.js')}${asset('scrollers.js')}`

/** Only our own script runs, by its hash; nothing is ever fetched. Plot's SVG needs inline styles. */
const POLICY = [
  "default-src 'none'",
  `script-src 'sha256-${createHash('sha256').update(SCRIPT, 'utf8').digest('base64')}'`,
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** @example counted(input) // '60 groups, 480 completions' */
function counted({ pairs, completions, groups, steps }: ReportInput): string {
  if (steps !== undefined && completions.length === 0) return plural(steps.total, 'row of steps', 'rows of steps')
  const found = groups?.findings ?? []
  const grouped = found.reduce((sum, { group }) => sum + group.completions.length, 0)
  const parts = [
    pairs.length === 0 ? '' : plural(pairs.length, 'pair'),
    found.length === 0 ? '' : `${plural(found.length, 'group')}, ${plural(grouped, 'completion')}`,
  ].filter((part) => part !== '')
  return parts.length === 0 ? plural(completions.length, 'completion') : parts.join(', ')
}

/** The whole document. */
export function page(input: ReportInput, sections: readonly Section[]): string {
  const { run } = input
  const against = run.reference === null ? '' : ` against ${run.reference}`
  const facts = [
    ['Data', `${run.dataset}, ${counted(input)}`],
    ['Device', run.device],
    ['Number type', run.dtype],
    ['Seed', run.seed === null ? null : String(run.seed)],
    ['Made by', `chemherm ${packageVersion}, ${run.command}`],
  ] as const
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="chemherm ${packageVersion}">
<meta name="referrer" content="no-referrer">
<title>${run.model}${against} on ${run.dataset} – chemherm</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the result</a>
<header>
<p class="kicker">Learned and verifiable rewards in chemistry</p>
<h1>${run.model}<small>${against}</small></h1>
<dl class="byline">${facts.map(([name, value]) => value !== null && html`<div><dt>${name}</dt><dd>${value}</dd></div>`).filter((part) => part !== false)}</dl>
</header>
<nav aria-label="Contents"><ol>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ol></nav>
<main id="main">
${sections.map(
  ({ id, title, body }) => html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${body}</section>
`,
)}</main>
<script>${new Markup(SCRIPT)}</script>
</body>
</html>
`.text
}
