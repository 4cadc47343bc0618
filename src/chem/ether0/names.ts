import { casefold, pyStrip } from '../../python/strings.ts'

const SUPERSCRIPT = /\^\{([\p{Nd},]+)\}/gu
const ITALIC = /\{([a-zA-Z])\}/g
/** Brackets around letters and digits, between a hyphen or digit and a hyphen; they may differ from each other, as in ether0's. */
const USELESS_BRACKETS = /([-\p{Nd}])[([{]([A-Za-z0-9]+)[\])}]-/gu
/** The same of a text in ASCII: twice as fast. */
const USELESS_BRACKETS_ASCII = /([-\d])[([{]([A-Za-z0-9]+)[\])}]-/g
const ASCII = /^[\x00-\x7f]*$/

/**
 * ether0's `normalize_iupac`: trimmed, case folded, formatting dropped (superscripts, italics, $ ~ ^, useless brackets), spaces as hyphens.
 * @example normalizeIupac(' 1(H)-Indole ') // '1h-indole'
 */
export function normalizeIupac(name: string): string {
  let text = casefold(pyStrip(name))
  // nearly every name lacks nearly all of it
  if (text.includes('^{')) text = text.replace(SUPERSCRIPT, '^($1)')
  if (text.includes('{')) text = text.replace(ITALIC, '$1')
  if (text.includes('$') || text.includes('~')) text = text.replace(/[$~]/g, '')
  if (text.includes(')-') || text.includes(']-') || text.includes('}-'))
    text = text.replace(ASCII.test(text) ? USELESS_BRACKETS_ASCII : USELESS_BRACKETS, '$1$2-')
  if (text.includes('^')) text = text.replaceAll('^', '')
  return text.includes(' ') ? text.replaceAll(' ', '-') : text
}

/** Punctuation and dashes of ASCII. */
const PUNCTUATION_ASCII = /[-!"#%&'*,./:;?@\\]/g
const PUNCTUATION = /[\p{Pd}\p{Po}]/gu

/** ether0's `normalize_unicodes`: NFKC, then every dash and other punctuation (Unicode categories Pd and Po) is dropped. */
export const normalizeUnicodes = (text: string): string =>
  ASCII.test(text) ? text.replace(PUNCTUATION_ASCII, '') : text.normalize('NFKC').replace(PUNCTUATION, '')
