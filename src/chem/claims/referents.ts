import { GROUPS } from './groups.ts'
import { isResult } from './results.ts'
import { formulaSubject, moleculeSubject, type Subject } from './subject.ts'
import { AFTER_NAMES, standsForFormula, type Token } from './tokens.ts'

/** A molecule that a text names, and where. */
export interface Mention {
  readonly subject: Subject
  readonly start: number
  readonly end: number
  /** Brought in as what a change gives: `adding water gives CCO`. */
  readonly isResult: boolean
}

/** Words of change, of comparison or of another molecule: past them, `it` may be a different one. */
const UNSAFE =
  /\b(?:products?|intermediates?|derivatives?|analog(?:ue)?s?|another|others?|second|new|resulting|modified|replac\w+|substitut\w+|add(?:s|ed|ing|ition)?|remov\w+|convert\w*|react\w*|oxidi[sz]\w*|reduc\w+|hydroly\w+|becom\w+|after|isomers?|fragments?|if|suppose|instead|target|transform\w*|form(?:s|ed|ing)|yield\w*|gives?|produc\w+|attack\w*|(?:brom|chlor|iod|fluor|nitr|alkyl|acyl|methyl|hydrogen|proton|deproton)at\w+|esterif\w+|former|latter|each|both|similar|compar\w+|than|candidates?|options?|(?:methyl(?!ene)|ethyl|chloro|bromo|fluoro|nitro(?!gen)|hydroxy(?!l)|amino|methoxy)\w+)\b|\b\d+(?:,\d+)*-[a-z]{3,}/i
const NAME_LIKE =
  /\b[a-z]{2,}(?:ane|yne|anol|enol|anone|amide|amine|azole|idine|azine|oate|aldehyde|benzene|phenol|toluene|pyridine|indole)\b/gi
const NO_NAME =
  /^(?:membrane|plane|mundane|urbane|insane|arcane|hurricane|profane|humane|benzene|pyridine|indole|phenol)$/i

const SAID_RESULTS = /\b(?:products?|(?:new|modified|resulting|edited) (?:molecule|compound|structure|smiles))\b/gi
/** Words of change that speak of numbers. */
const SUMS =
  /\b(?:add(?:ing)? (?:up|these|them|it|all|everything|the (?:counts|numbers|atoms))|in addition|(?:which |this |that )?gives? (?:us )?(?:a|the) (?:total|sum|molecular formula|formula|molar mass|molecular weight))\b/gi

/** Could the text bring in a molecule that is not among the mentions? */
function isUnsafe(whole: string): boolean {
  const text = whole.replace(SUMS, ' ')
  if (UNSAFE.test(text)) return true
  return [...text.matchAll(NAME_LIKE)].some(([word]) => !GROUPS.has(word.toLowerCase()) && !NO_NAME.test(word))
}

/** Molecules that a sentence names as molecules: not rings, groups or solvents that it mentions by the way. */
export function mentionsOf(tokens: readonly Token[]): Mention[] {
  return tokens.flatMap((token, i) => {
    const next = tokens[i + 1]
    const before = tokens[i - 1]
    // "a phenol" is a class
    if (token.isName && before?.kind === 'word' && /^(?:an?)$/.test(before.text)) return []
    if (token.molecule === null || (next?.kind === 'word' && AFTER_NAMES.has(next.text))) return []
    const subject = moleculeSubject(token.raw, token.molecule)
    return [{ subject, start: token.start, end: token.end, isResult: isResult(tokens, i) }]
  })
}

/** Formulas that a sentence names by themselves. */
export const formulasOf = (tokens: readonly Token[]): Mention[] =>
  tokens.flatMap((token) =>
    token.molecule === null && standsForFormula(token)
      ? [
          {
            subject: formulaSubject(token.raw, token.formula!),
            start: token.start,
            end: token.end,
            isResult: false,
          },
        ]
      : [],
  )

/** A text whose molecules may be meant later on. */
export interface Told {
  readonly text: string
  readonly mentions: readonly Mention[]
}

/**
 * What `it`, `the molecule` or `the formula` of a place is of: the only molecule that the step has named before it; where it named none, the
 * only one of the steps before; where they named none, the only one of the prompt. Null where there is no such molecule, or where the words
 * between speak of a change or of another molecule.
 */
export class Referents {
  private readonly here: Mention[] = []
  private readonly formulas: Mention[] = []
  private earlier: Subject | null | undefined
  constructor(
    private readonly text: string,
    private readonly before: Told,
    private readonly prompt: Told | null,
  ) {}

  add(mentions: readonly Mention[], formulas: readonly Mention[]): void {
    this.here.push(...mentions)
    this.formulas.push(...formulas)
  }

  at(place: number): Subject | null {
    const known = this.here.filter(({ end }) => end <= place)
    if (known.length > 0) return only({ text: this.text.slice(0, place), mentions: known })
    const formulas = this.formulas.filter(({ end }) => end <= place)
    if (isUnsafe(this.text.slice(0, place))) return null
    // "given C6H6, there are four degrees of unsaturation": of the only formula of the step
    if (formulas.length > 0)
      return new Set(formulas.map(({ subject }) => subject.label)).size === 1 ? formulas[0]!.subject : null
    if (this.earlier === undefined) this.earlier = this.fromBefore()
    return this.earlier
  }

  /** `the product`, `the new molecule`: the only one that was brought in as a result. */
  product(place: number): Subject | null {
    const text = `${this.before.text}\n${this.text.slice(0, place)}`
    const shift = this.before.text.length + 1
    const here = this.until(place).map((m) => ({ ...m, start: m.start + shift, end: m.end + shift }))
    const mentions = [...this.before.mentions, ...here]
    const found = mentions.filter((mention) => mention.isResult)
    const subject = single(found)
    if (subject === null) return null
    const from = found.at(-1)!.end
    // another molecule since then, or words of another change
    if (single([found.at(-1)!, ...mentions.filter(({ start }) => start >= from)]) === null) return null
    return isUnsafe(withoutMentions(text, from, mentions).replace(SAID_RESULTS, ' ')) ? null : subject
  }

  /** `the original molecule`: the only one of the question, unless the question asks how to make it. */
  original(): Subject | null {
    if (this.prompt === null || /\b(?:retro|synth|prepar|make|target|product|precursor)/i.test(this.prompt.text))
      return null
    return single(this.prompt.mentions)
  }

  /** `both`, `the first`, `each`: the only two molecules of the question and the steps, in the order of their first mention. */
  pair(place: number): readonly [Subject, Subject] | null {
    const here = this.until(place)
    const all = [...(this.prompt?.mentions ?? []), ...this.before.mentions, ...here]
    return twoOf(here) ?? twoOf(all)
  }

  private until(place: number): Mention[] {
    return this.here.filter(({ end }) => end <= place)
  }

  private fromBefore(): Subject | null {
    if (this.before.mentions.length > 0) return only(this.before)
    if (isUnsafe(this.before.text)) return null
    if (this.prompt === null || PROMPT_TASKS.test(this.prompt.text)) return null
    return only(this.prompt)
  }
}

/** In the order of their first mention. */
function distinctOf(mentions: readonly Mention[]): Subject[] {
  const found = new Map<string, Subject>()
  for (const { subject } of mentions) {
    const key = subject.molecule!.canonical
    if (!found.has(key)) found.set(key, subject)
    if (found.size > 2) break
  }
  return [...found.values()]
}
/** Two molecules, or two spellings where all is one molecule. */
function twoOf(mentions: readonly Mention[]): readonly [Subject, Subject] | null {
  const found = distinctOf(mentions)
  if (found.length === 2) return [found[0]!, found[1]!]
  if (found.length !== 1) return null
  const spellings = new Map(mentions.map(({ subject }) => [subject.label, subject]))
  const [a, b] = spellings.values()
  return spellings.size === 2 ? [a!, b!] : null
}
function single(mentions: readonly Mention[]): Subject | null {
  const found = distinctOf(mentions)
  return found.length === 1 ? found[0]! : null
}

/** Prompts that ask for another molecule than the one that they name. */
const PROMPT_TASKS =
  /\b(?:propose|suggest|design|generate|modif\w+|product|similar|correspond\w*|complet\w+|synthes\w+|react\w*|deriv\w+|edit|optimi[sz]\w+|different|new|make|create|give|provide|write|draw|structure|which|candidate\w*|find|name|predict|convert\w*|oxidi\w*|reduc\w*|hydroly\w*|transform\w*|instead|chang\w*|delet\w*|insert\w*|attach\w*|swap\w*|increas\w*|decreas\w*|improv\w*|replac\w*|remov\w*|add\w*|substitut\w*)\b/i

function only({ text, mentions }: Told): Subject | null {
  const distinct = new Set(mentions.map(({ subject }) => subject.molecule!.canonical))
  if (distinct.size !== 1) return null
  const last = mentions.at(-1)!
  const first = mentions[0]!
  // "The product of oxidising CCO": what is named there is not what is spoken of; "the product is CCO" names it
  const lead = text.slice(Math.max(0, text.lastIndexOf('.', first.start - 1)), first.start)
  const isTold =
    /(?:\b(?:is|are|be|smiles|molecule|compound|structure|called|namely|for|consider|given)\b|[=:])[\s"'`(]*(?:the\s+)?(?:smiles\s+)?(?:string\s+)?[\s"'`(:]*$/i.test(
      lead,
    )
  if (isUnsafe(lead) && !isTold) return null
  return isUnsafe(withoutMentions(text, first.end, mentions)) ? null : last.subject
}

function withoutMentions(text: string, from: number, mentions: readonly Mention[]): string {
  let out = ''
  let at = from
  for (const { start, end } of mentions) {
    if (start < at) continue
    out += `${text.slice(at, start)} `
    at = end
  }
  return out + text.slice(at)
}
