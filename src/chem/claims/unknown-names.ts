import type { Sentence } from './sentence.ts'

/** Words that tie what is before them to another thing, or name a part of a molecule: in no name. */
export const LINKS = new Set(
  `of in on from with by for to and or than as at per is are has have not no into via using between fragment substructure group moiety
  motif pattern unit part linker side substituent residue core scaffold ring chain segment portion piece`.split(/\s+/),
)
/** Ends of the names of molecules. */
export const NAME_END = /(?:ane|ene|yne|[nt]ol|one|anal|enal|acid|ate|ide|ine|ether|nitrile|aldehyde|phenol|anhydride)$/
/** Words with such an end that are no names. */
export const NO_NAMES = new Set(
  `combine examine determine imagine define refine calculate estimate indicate evaluate generate isolate separate investigate validate enumerate
  demonstrate hydrate one none done gone alone provide decide divide inside beside aside outside line fine`.split(
    /\s+/,
  ),
)
/** `hexanoic acid`: one to three words that look like a name. */
export function eatUnknownName(s: Sentence): boolean {
  const { r } = s
  for (let k = 3; k > 0; k--) {
    const words = Array.from({ length: k }, (_, j) => r.peek(j))
    if (
      !words.every((token) => token?.kind === 'word' && /^[a-z\d,'()-]{3,}$/.test(token.text) && !LINKS.has(token.text))
    )
      continue
    const last = words.at(-1)!.text
    if (!NAME_END.test(last) || NO_NAMES.has(last)) continue
    r.i += k
    return true
  }
  return false
}

/** Words of a name that is not known, before a SMILES: `pentan-2-one, CCCC(C)=O,`, `succinic acid OC(=O)CCC(O)=O`. */
export function skipUnknownName(s: Sentence): void {
  const { r } = s
  let k = 0
  while (k < 3 && r.peek(k)?.kind === 'word' && !LINKS.has(r.peek(k)!.text) && /^[a-z\d,'-]+$/.test(r.peek(k)!.text))
    k++
  if (k === 0 || !NAME_END.test(r.peek(k - 1)!.text) || NO_NAMES.has(r.peek(k - 1)!.text)) return
  const next = r.peek(k)
  const written = next?.kind === 'mark' ? r.peek(k + 1) : next
  if (written?.molecule != null && !written.isName) r.i += k
}
