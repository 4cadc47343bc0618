// biome-ignore-all lint/correctness/noUnusedVariables: browser.js uses them, which stands after this file in the same script
// What the browsers of rows are built from. Plain scripts, run in place one after the other, nothing fetched. Texts of the data
// only ever become text nodes; drawings become SVG elements one by one.

/**
 * Element with attributes and children; strings become text nodes. `on…` attributes are listeners.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|null)} children
 */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value)
    else if (value !== null && value !== false) made.setAttribute(name, value === true ? '' : String(value))
  }
  made.append(...children.filter((child) => child !== null))
  return made
}

/** The same rule as decimal() of numbers.ts. */
function numberText(/** @type {number|null} */ value) {
  if (value === null) return '–'
  const size = Math.abs(value)
  const digits = Number.isInteger(value)
    ? size < 1e6
      ? value.toLocaleString('en-US')
      : value.toExponential(3)
    : size >= 1e6 || size < 5e-4
      ? value.toExponential(2)
      : value.toFixed(size >= 100 ? 1 : 3)
  return digits.replace(/^-/, '−').replace('e-', 'e−')
}

/** A CSV cell: numbers as they are, a text that a spreadsheet would run gets a ' in front (as in csv.ts). */
function csvCell(/** @type {string|number|null} */ value) {
  if (value === null) return ''
  if (typeof value === 'number') return String(value)
  const safe = /^'*[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** A text of the page: whole, or [head, characters left out, tail]. */
const wholeText = (/** @type {any} */ text) =>
  typeof text === 'string' ? text : `${text[0]}\n… ${text[1]} characters left out of this page …\n${text[2]}`

/** So much of a text as stands in a line of a table. */
const clipped = (/** @type {string} */ text) => {
  const letters = [...text.slice(0, 402)]
  return letters.length <= 200 ? text : `${letters.slice(0, 200).join('')}…`
}

const isLow = (/** @type {number} */ code) => code >= 0xdc00 && code < 0xe000

/**
 * Where two texts differ: lengths of what they share at the start and at the end, never inside a surrogate pair.
 * @param {string} a
 * @param {string} b
 */
function shared(a, b) {
  const most = Math.min(a.length, b.length)
  let head = 0
  while (head < most && a.charCodeAt(head) === b.charCodeAt(head)) head++
  if (head > 0 && (isLow(a.charCodeAt(head)) || isLow(b.charCodeAt(head)))) head--
  let tail = 0
  while (tail < most - head && a.charCodeAt(a.length - 1 - tail) === b.charCodeAt(b.length - 1 - tail)) tail++
  if (tail > 0 && isLow(a.charCodeAt(a.length - tail))) tail--
  return { head, tail }
}

const SVG = 'http://www.w3.org/2000/svg'

function svgShape(/** @type {any} */ shape, /** @type {(word: string) => string} */ colour) {
  const [fill, stroke, width, dashes] = shape[0].split(' ')
  const made = document.createElementNS(SVG, shape.length === 2 ? 'path' : 'text')
  made.setAttribute('fill', colour(fill))
  if (shape.length === 2) {
    made.setAttribute('d', shape[1])
    made.setAttribute('stroke', colour(stroke))
    made.setAttribute('stroke-width', width)
    made.setAttribute('stroke-linecap', 'round')
    if (dashes) made.setAttribute('stroke-dasharray', dashes)
  } else {
    made.setAttribute('x', shape[1])
    made.setAttribute('y', shape[2])
    made.setAttribute('font-size', shape[3])
    made.textContent = shape[4]
  }
  return made
}

/** A molecule from its compact form (Drawing of drawing.ts); lengths are tenths of a pixel. */
function picture(/** @type {any} */ drawing, /** @type {string} */ label) {
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('viewBox', `0 0 ${drawing.width} ${drawing.height}`)
  svg.setAttribute('width', String(drawing.width / 10))
  svg.setAttribute('height', String(drawing.height / 10))
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  const colour = (/** @type {string} */ word) => (word === '-' ? 'none' : word === 'ink' ? 'currentColor' : `#${word}`)
  const layer = (/** @type {any[]} */ shapes) => {
    const made = document.createElementNS(SVG, 'g')
    made.append(...shapes.map((shape) => svgShape(shape, colour)))
    return made
  }
  const wash = layer(drawing.wash)
  wash.setAttribute('opacity', '0.5')
  svg.append(wash, layer(drawing.shapes))
  return svg
}
