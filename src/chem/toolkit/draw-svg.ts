/**
 * Rebuilds an RDKit drawing as plain SVG that may be put into any page: only shapes, only known attributes with well-formed values,
 * black as `currentColor` (so that a drawing follows a dark theme), no ids, scripts, styles, links or XML prolog.
 * @param label what a screen reader says; escaped
 * @param wash `#RRGGBB` of the highlights: these shapes go behind the others, together half transparent, so that the text's colour can be
 *   read on them in either theme
 */
export function cleanSvg(drawn: string, label: string, wash: string | null = null): string | null {
  const box = /viewBox='0 0 (\d+) (\d+)'/.exec(drawn)
  if (box === null) return null
  const shapes = [...drawn.matchAll(/<(path|ellipse|rect|line|polygon)\s([^<>]*?)\/?>/g)].map(
    ([, name, attributes]) => `<${name}${cleanAttributes(attributes!)}/>`,
  )
  const washed = shapes.filter((shape) => wash !== null && shape.includes(` fill="${wash}"`))
  const behind = washed.length > 0 ? `<g opacity="0.5">${washed.join('')}</g>` : ''
  const front = shapes.filter((shape) => !washed.includes(shape)).join('')
  const [, width, height] = box
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(label)}">${behind}${front}</svg>`
}

/** Attribute → what its value must look like. */
const NUMBERS = /^-?[\d.]+(?:px)?$/
const COLOUR = /^(?:none|currentColor|#[0-9A-Fa-f]{6})$/
const WORD = /^[a-z]+$/
const ALLOWED: ReadonlyMap<string, RegExp> = new Map([
  ['d', /^[MLQCHVZAmlqchvza\d\s.,e-]+$/],
  ['points', /^[\d\s.,-]+$/],
  ...['cx', 'cy', 'rx', 'ry', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height'].map((n) => [n, NUMBERS] as const),
  ...['fill', 'stroke'].map((n) => [n, COLOUR] as const),
  ...['fill-opacity', 'stroke-opacity', 'stroke-width', 'stroke-miterlimit'].map((n) => [n, NUMBERS] as const),
  ...['fill-rule', 'stroke-linecap', 'stroke-linejoin'].map((n) => [n, WORD] as const),
  ['stroke-dasharray', /^[\d\s.,]+$/],
])
/** SVG's own initial values: said nowhere, drawn the same. */
const INITIAL: Readonly<Record<string, string>> = {
  'fill-opacity': '1',
  'stroke-opacity': '1',
  'stroke-linecap': 'butt',
  'stroke-linejoin': 'miter',
}

function cleanAttributes(text: string): string {
  const found = new Map<string, string>()
  for (const [, name, value] of text.matchAll(/([\w-]+)='([^']*)'/g)) {
    if (name !== 'style') found.set(name!, value!)
    else for (const rule of value!.split(';')) found.set(rule.split(':')[0]!.trim(), rule.split(':')[1]?.trim() ?? '')
  }
  let out = ''
  for (const [name, raw] of found) {
    const value = name === 'fill' || name === 'stroke' ? themed(raw) : raw.replace(/^(-?[\d.]+)px$/, '$1')
    if (ALLOWED.get(name)?.test(value) && INITIAL[name] !== value) out += ` ${name}="${value}"`
  }
  return out
}

/** RDKit's black, and the near-black of dummy atoms, take the text's colour. */
const themed = (colour: string): string => (/^#(?:000000|191919)$/.test(colour) ? 'currentColor' : colour)

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeXml = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cs}]/gu, ' ').replace(/[&<>"']/g, (char) => ESCAPES[char]!)
