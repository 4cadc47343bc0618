/**
 * What Observable Plot and d3-selection ask of a document while they build a picture, and no more: elements, attributes, text. On a whole DOM
 * (jsdom) the plots of a report took three times as long, and its import a quarter of a second of every run. Held to jsdom and the W3C's XML
 * serialiser by test/report-html/svg-document.test.ts.
 */

const SVG = 'http://www.w3.org/2000/svg'

type Node = SvgElement | Text

class Text {
  parentNode: SvgElement | null = null
  constructor(readonly data: string) {}
}

/** `element.style`: what is set on it stands in the attribute `style`, in the order of its setting. */
class Style {
  setProperty(name: string, value: string): void {
    Object.assign(this, { [name]: value })
  }
  toString(): string {
    return Object.entries(this)
      .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${value};`)
      .join(' ')
  }
}

export class SvgElement {
  readonly namespaceURI = SVG
  readonly attributes = new Map<string, string | Style>()
  readonly childNodes: Node[] = []
  parentNode: SvgElement | null = null

  constructor(
    readonly tagName: string,
    readonly ownerDocument: SvgDocument,
  ) {}

  getAttribute(name: string): string | null {
    return this.attributes.get(name)?.toString() ?? null
  }
  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, String(value))
  }
  hasAttribute(name: string): boolean {
    return this.attributes.has(name)
  }
  removeAttribute(name: string): void {
    this.attributes.delete(name)
  }
  get style(): Style {
    const style = this.attributes.get('style')
    if (style instanceof Style) return style
    const fresh = new Style()
    this.attributes.set('style', fresh)
    return fresh
  }

  appendChild<N extends Node>(node: N): N {
    return this.insertBefore(node, null)
  }
  append(...nodes: (Node | string)[]): void {
    for (const node of nodes) this.appendChild(typeof node === 'string' ? new Text(node) : node)
  }
  insertBefore<N extends Node>(node: N, next: Node | null): N {
    node.parentNode?.removeChild(node)
    const at = next === null ? this.childNodes.length : this.childNodes.indexOf(next)
    this.childNodes.splice(at, 0, node)
    node.parentNode = this
    return node
  }
  removeChild<N extends Node>(node: N): N {
    this.childNodes.splice(this.childNodes.indexOf(node), 1)
    node.parentNode = null
    return node
  }
  set textContent(text: string | null) {
    for (const child of this.childNodes.splice(0)) child.parentNode = null
    if (text !== null && text !== '') this.append(String(text))
  }
}

export class SvgDocument {
  readonly documentElement: SvgElement = new SvgElement('svg', this)

  /** @throws Error for another namespace: a figure around the picture, a legend in HTML */
  createElementNS(namespace: string, name: string): SvgElement {
    if (namespace !== SVG) throw new Error(`<${name}> is of ${namespace}: only SVG is drawn here`)
    return new SvgElement(name, this)
  }
  createTextNode(text: string): Text {
    return new Text(text)
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
}
const escapedText = (text: string): string => text.replace(/[&<>]/g, (c) => ESCAPES[c]!)
const escapedValue = (text: string): string => text.replace(/[&<>"\t\n\r]/g, (c) => ESCAPES[c]!)

/** The element as XML (https://w3c.github.io/DOM-Parsing/#xml-serialization), the root with its namespace. */
export const serialised = (root: SvgElement): string => written(root, ` xmlns="${SVG}"`)

function written({ tagName, attributes, childNodes }: SvgElement, namespace = ''): string {
  let text = `<${tagName}${namespace}`
  for (const [name, value] of attributes) text += ` ${name}="${escapedValue(String(value))}"`
  if (childNodes.length === 0) return `${text}/>`
  text += '>'
  for (const child of childNodes) text += child instanceof Text ? escapedText(child.data) : written(child)
  return `${text}</${tagName}>`
}
