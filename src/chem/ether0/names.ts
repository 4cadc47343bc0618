import { casefold, pyStrip } from '../../python/strings.ts'

const SUPERSCRIPT = /\^\{([\p{Nd},]+)\}/gu
const ITALIC = /\{([a-zA-Z])\}/g
/** Brackets around letters and digits, between a hyphen or digit and a hyphen; they may differ from each other, as in ether0's. */
const USELESS_BRACKETS = /([-\p{Nd}])[([{]([A-Za-z0-9]+)[\])}]-/gu

/**
 * ether0's `normalize_iupac`: trimmed, case folded, formatting dropped (superscripts, italics, $ ~ ^, useless brackets), spaces as hyphens.
 * @example normalizeIupac(' 1(H)-Indole ') // '1h-indole'
 */
export const normalizeIupac = (name: string): string =>
  casefold(pyStrip(name))
    .replace(SUPERSCRIPT, '^($1)')
    .replace(ITALIC, '$1')
    .replace(/[$~]/g, '')
    .replace(USELESS_BRACKETS, '$1$2-')
    .replace(/\^/g, '')
    .replace(/ /g, '-')

/** ether0's `normalize_unicodes`: NFKC, then every dash and other punctuation (Unicode categories Pd and Po) is dropped. */
export const normalizeUnicodes = (text: string): string => text.normalize('NFKC').replace(/[\p{Pd}\p{Po}]/gu, '')
