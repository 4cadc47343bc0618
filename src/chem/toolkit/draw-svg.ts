import { Lru } from './lru.ts'

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
  const isWashed = (shape: string): boolean => wash !== null && shape.includes(` fill="${wash}"`)
  const washed = shapes.filter(isWashed)
  const behind = washed.length > 0 ? `<g opacity="0.5">${washed.join('')}</g>` : ''
  const front = shapes.filter((shape) => !isWashed(shape)).join('')
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
    if (name !== 'style') found.set(name!, cleaned(name!, value!))
    else for (const [property, rule] of rulesOf(value!)) found.set(property, rule)
  }
  let out = ''
  for (const attribute of found.values()) out += attribute
  return out
}

/** ` name="value"`; nothing where it is not allowed, or says what holds anyway. */
function cleaned(name: string, raw: string): string {
  const allowed = ALLOWED.get(name)
  if (allowed === undefined) return ''
  const value = name === 'fill' || name === 'stroke' ? themed(raw) : raw.replace(/^(-?[\d.]+)px$/, '$1')
  return allowed.test(value) && INITIAL[name] !== value ? ` ${name}="${value}"` : ''
}

type Rules = readonly (readonly [property: string, attribute: string])[]
/** A molecule's bonds and letters have a handful of styles. */
const knownRules = new Lru<Rules>(300)
function rulesOf(style: string): Rules {
  const known = knownRules.get(style)
  if (known !== undefined) return known
  const rules = style.split(';').map((rule): Rules[number] => {
    const [property = '', value = ''] = rule.split(':').map((part) => part.trim())
    return [property, cleaned(property, value)]
  })
  knownRules.set(style, rules)
  return rules
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
