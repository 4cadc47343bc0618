import { visibleControls } from '../html/markup.ts'

/** More letters than this do not fit beside a plot. */
const LABEL_LENGTH = 30
const ELLIPSIS = '…'

/** So many letters stand under the axis of a narrow picture. */
const NARROW_AXIS = 50

/** An axis label in lines that fit a narrow picture, parted between words. */
export function narrowAxis(label: string): string {
  const lines = ['']
  for (const word of label.split(' ')) {
    const line = lines.at(-1)!
    if (line !== '' && line.length + 1 + word.length > NARROW_AXIS) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.join('\n')
}

/** Room for the longest of some labels at 12 px, CSS pixels. */
export const labelRoom = (labels: readonly string[]): number =>
  24 + Math.round(6.6 * Math.min(LABEL_LENGTH, Math.max(4, ...labels.map((label) => [...label].length))))

/**
 * Names as labels of one axis that fit `labelRoom`, on one line each. A long name loses its middle; long names that would then
 * read alike lose what they share instead, and are numbered where even that does not tell them apart.
 * @example axisLabels(['short', 'a name of more than thirty letters']) // ['short', 'a name of more t…hirty letters']
 */
export function axisLabels(names: readonly string[]): readonly string[] {
  const lines = names.map((name) => [...visibleControls(name).replace(/[\t\n\u2028\u2029]/g, ' ')])
  const labels = lines.map(withoutMiddle)
  for (const alike of groupsOf(labels)) {
    const start = sharedStart(alike.map((i) => lines[i]!))
    for (const i of alike) labels[i] = from(lines[i]!, start)
  }
  for (const alike of groupsOf(labels))
    alike.forEach((i, nth) => {
      const number = ` ${nth + 1}`
      labels[i] = [...labels[i]!].slice(0, LABEL_LENGTH - number.length).join('') + number
    })
  return labels
}

function withoutMiddle(letters: readonly string[]): string {
  if (letters.length <= LABEL_LENGTH) return letters.join('')
  return letters.slice(0, 16).join('') + ELLIPSIS + letters.slice(-(LABEL_LENGTH - 17)).join('')
}

/** The first letters, then the text from where it differs from the others. */
function from(letters: readonly string[], start: number): string {
  const head = letters.slice(0, Math.min(8, start)).join('') + (start > 8 ? ELLIPSIS : '')
  const rest = letters.slice(start)
  const room = LABEL_LENGTH - [...head].length
  return head + (rest.length <= room ? rest.join('') : rest.slice(0, room - 1).join('') + ELLIPSIS)
}

/** Letters at the start that all share, back to the start of a word or number. */
function sharedStart(lines: readonly (readonly string[])[]): number {
  const [first] = lines
  let end = 0
  while (end < first!.length && lines.every((line) => line[end] === first![end])) end++
  while (end > 0 && /[\p{L}\p{N}]/u.test(first![end - 1]!)) end--
  return end
}

/** Places of the labels that occur more than once. */
function groupsOf(labels: readonly string[]): readonly (readonly number[])[] {
  const places = new Map<string, number[]>()
  labels.forEach((label, i) => {
    places.set(label, [...(places.get(label) ?? []), i])
  })
  return [...places.values()].filter((group) => group.length > 1)
}
