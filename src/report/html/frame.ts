import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { packagePath, packageVersion } from '../../package.ts'
import { PALETTE_CSS } from '../plots/palette.ts'
import { html, Markup } from './markup.ts'
import type { Section } from './section.ts'

const asset = (name: string): string => readFileSync(packagePath('src/report/html/assets', name), 'utf8')
const STYLE = `${PALETTE_CSS}${asset('report.css')}`
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

/** What stands above the chapters. */
export interface PageHead {
  /** Of the window. */
  readonly title: string
  readonly kicker: string
  readonly heading: Markup
  /** Name and value; those without a value are left out. */
  readonly facts: readonly (readonly [name: string, value: string | null])[]
}

/** What paper cannot hold; each table of rows says of itself which rows are printed. */
const PAPER = html`<p class="print-only note">Printed from report.html. Left out here: the list of contents, controls and links, folded tables and texts, the data of each figure (a table, a CSV and an SVG file in report.html), and the rows of each browser that the screen did not show.</p>
`

/** A whole document: head, contents, chapters, style and script. It refers to nothing outside itself. */
export function pageFrame({ title, kicker, heading, facts }: PageHead, sections: readonly Section[]): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="chemherm ${packageVersion}">
<meta name="referrer" content="no-referrer">
<title>${title} – chemherm</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the result</a>
<header>
<p class="kicker">${kicker}</p>
<h1>${heading}</h1>
<dl class="byline">${facts.map(([name, value]) => value !== null && html`<div><dt>${name}</dt><dd>${value}</dd></div>`).filter((part) => part !== false)}</dl>
${PAPER}</header>
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
`
}
