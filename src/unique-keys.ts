/**
 * The first key that an object of a JSON text holds twice, or null. JSON.parse keeps the last one silently; the
 * safetensors format forbids duplicates, and two readers that disagree on which one counts would load different weights.
 * @param json text that JSON.parse accepts
 * @example duplicateKey('{"a": {"b": 1, "\\u0062": 2}}') // 'b'
 */
export function duplicateKey(json: string): string | null {
  const open: Set<string>[] = []
  for (let i = 0; i < json.length; i++) {
    const c = json[i]
    if (c === '{') open.push(new Set())
    else if (c === '}') open.pop()
    else if (c === '"') {
      const end = closingQuote(json, i)
      let next = end + 1
      while (next < json.length && ' \t\n\r'.includes(json[next]!)) next++
      if (json[next] === ':') {
        const key = JSON.parse(json.slice(i, end + 1)) as string
        const seen = open.at(-1)!
        if (seen.has(key)) return key
        seen.add(key)
      }
      i = end
    }
  }
  return null
}

/** Where the string that begins at `start` ends, in a text that JSON.parse accepts (else perhaps past its end). */
export function closingQuote(json: string, start: number): number {
  for (let at = json.indexOf('"', start + 1); at >= 0; at = json.indexOf('"', at + 1)) {
    let slashes = 0
    while (json[at - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return at
  }
  return json.length
}
