/**
 * A molecule as the page keeps it: RDKit's picture as paths and letters in tenths of a pixel, a tenth of the SVG's bytes. The
 * page's script makes SVG elements of it, never markup, so that nothing that RDKit copies from a SMILES (labels of CXSMILES)
 * can become an element of the page.
 */
export interface Drawing {
  readonly width: number
  readonly height: number
  /** Marks of atoms, behind the rest and together half transparent. */
  readonly wash: readonly Shape[]
  /** In painting order. */
  readonly shapes: readonly Shape[]
}
/** `[paint, path]`, or `[paint, x, y, font size, letters]`; lengths in 0.1 px. */
export type Shape = readonly [Paint, string] | readonly [Paint, number, number, number, string]
/**
 * `fill stroke width`, and `dashes` where there are any: a colour is RRGGBB, `ink` (the text's own) or `-` (none); lengths in 0.1 px.
 * @example '- ink 20'
 */
export type Paint = string

const TAG = /<(\/?)([a-z:]+)((?:\s+[a-zA-Z:-]+\s*=\s*(?:'[^']*'|"[^"]*"))*)\s*(\/?)>|<\?[^>]*\?>|<!--[\s\S]*?-->/g

/**
 * Reads an SVG as RDKit, or our `Drawer`, writes it. Shapes of one paint that follow each other become one path. null where the picture holds
 * anything else than RDKit draws: a molecule is shown whole or not at all.
 */
export function compactDrawing(svg: string): Drawing | null {
  let size: { width: number; height: number } | null = null
  const wash: Shape[] = []
  const shapes: Shape[] = []
  let layer = shapes
  for (const match of svg.matchAll(TAG)) {
    const [, closing, name, rest] = match
    if (name === 'g') layer = closing === '/' || !rest!.includes('opacity') ? shapes : wash
    if (name === undefined || closing === '/') continue
    const attributes = attributesOf(rest!)
    if (name === 'svg') {
      size = sizeOf(attributes)
    } else if (name === 'text') {
      const start = match.index + match[0].length
      const shape = letters(attributes, svg.slice(start, svg.indexOf('<', start)))
      if (shape === null) return null
      layer.push(shape)
    } else if (name === 'path' || name === 'ellipse' || name === 'circle' || name === 'rect') {
      const path = name === 'path' ? relativePath(attributes.d ?? '') : outlineOf(name, attributes)
      const paint = paintOf(attributes)
      if (path === null || paint === null) return null
      if (name === 'rect' && paint.startsWith('FFFFFF')) continue // the paper
      const last = layer.at(-1)
      // only strokes are joined: filled shapes that overlap would punch holes into each other
      if (last?.length === 2 && last[0] === paint && paint.startsWith('-'))
        layer[layer.length - 1] = [paint, last[1] + path]
      else layer.push([paint, path])
    } else if (name !== 'g' && name !== 'tspan' && !name.includes(':') && name !== 'metadata') {
      return null
    }
  }
  return size === null || shapes.length === 0 ? null : { ...size, wash, shapes }
}

/** Attributes, those inside `style` too. */
function attributesOf(text: string): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const [, name, single, double] of text.matchAll(/([a-zA-Z:-]+)\s*=\s*(?:'([^']*)'|"([^"]*)")/g)) {
    const value = single ?? double ?? ''
    if (name !== 'style') attributes[name!] = value
    else
      for (const [, property, setting] of value.matchAll(/([a-z-]+)\s*:\s*([^;]+)/g))
        attributes[property!] = setting!.trim()
  }
  return attributes
}

const tenths = (value: string | undefined): number => Math.round(Number.parseFloat(value ?? '') * 10)

function sizeOf(attributes: Record<string, string>): { width: number; height: number } | null {
  const width = tenths(attributes.width)
  const height = tenths(attributes.height)
  return width > 0 && height > 0 ? { width, height } : null
}

/** '-' for none, ink for black and currentColor, RRGGBB, or null for a colour that RDKit does not write. */
function colour(value: string | undefined, absent: string): string | null {
  if (value === undefined) return absent
  if (value === 'none') return '-'
  if (value === 'currentColor' || value === '#000000') return 'ink'
  return /^#[0-9A-Fa-f]{6}$/.test(value) ? value.slice(1).toUpperCase() : null
}

function paintOf(attributes: Record<string, string>): Paint | null {
  const fill = colour(attributes.fill, 'ink') // SVG's own default is black
  const stroke = colour(attributes.stroke, '-')
  const width = stroke === '-' ? 0 : tenths(attributes['stroke-width'] ?? '1')
  const dashes = (attributes['stroke-dasharray'] ?? 'none') === 'none' ? '' : attributes['stroke-dasharray']!
  const lengths = dashes === '' ? [] : dashes.split(/[\s,]+/).map(tenths)
  if (fill === null || stroke === null || [width, ...lengths].some(Number.isNaN)) return null
  return `${fill} ${stroke} ${width}${lengths.length === 0 ? '' : ` ${lengths.join()}`}`
}

/** How many numbers each path command takes; the last pair is the new point. */
const ARGUMENTS: Readonly<Record<string, number>> = { M: 2, L: 2, Q: 4, C: 6, Z: 0 }

/** An absolute path as whole tenths, relative to the point before (a subpath starts absolute). null for other commands. */
function relativePath(d: string): string | null {
  let path = ''
  let [x, y] = [0, 0]
  let start: readonly [number, number] = [0, 0]
  for (const [, command, numbers] of d.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const values = (numbers!.match(/-?\d*\.?\d+/g) ?? []).map(tenths)
    const each = ARGUMENTS[command!]
    if (each === undefined || (each === 0 ? values.length > 0 : values.length === 0 || values.length % each !== 0))
      return null
    if (each === 0) {
      path += 'z'
      ;[x, y] = start
    }
    for (let i = 0; i < values.length; i += each) {
      const absolute = command === 'M' && i === 0
      path += absolute ? 'M' : command === 'M' ? 'l' : command!.toLowerCase()
      for (let k = 0; k < each; k++) path += spaced(values[i + k]! - (absolute ? 0 : k % 2 === 0 ? x : y), k)
      ;[x, y] = [values[i + each - 2]!, values[i + each - 1]!]
      if (absolute) start = [x, y]
    }
  }
  return path === '' ? null : path
}

/** Numbers with the fewest characters between them: a minus sign separates too. */
const spaced = (n: number, i: number): string => (i > 0 && n >= 0 ? ` ${n}` : String(n))
const join = (numbers: readonly number[]): string => numbers.map(spaced).join('')

function outlineOf(name: string, attributes: Record<string, string>): string | null {
  if (name === 'rect') {
    const [x, y, w, h] = [attributes.x ?? '0', attributes.y ?? '0', attributes.width, attributes.height].map(tenths)
    return [x, y, w, h].some(Number.isNaN) ? null : `M${join([x!, y!])}h${w}v${h}h${-w!}z`
  }
  const cx = tenths(attributes.cx)
  const cy = tenths(attributes.cy)
  const rx = tenths(attributes.rx ?? attributes.r)
  const ry = tenths(attributes.ry ?? attributes.r)
  if ([cx, cy, rx, ry].some(Number.isNaN)) return null
  return `M${join([cx - rx, cy])}a${rx} ${ry} 0 1 0 ${2 * rx} 0a${rx} ${ry} 0 1 0${-2 * rx} 0z`
}

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

function letters(attributes: Record<string, string>, escaped: string): Shape | null {
  const fill = colour(attributes.fill, 'ink')
  const [x, y, size] = [attributes.x, attributes.y, attributes['font-size']].map(tenths)
  if (fill === null || [x, y, size].some(Number.isNaN)) return null
  const text = escaped.replace(/&(lt|gt|amp|quot|apos);/g, (_, entity: string) => NAMED[entity]!)
  return [`${fill} - 0`, x!, y!, size!, text]
}
