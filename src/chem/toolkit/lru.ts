/** Characters of all keys together, where nothing else is said. */
const KEY_CHARACTERS = 2_000_000

export interface LruLimits<V> {
  /** Characters of all keys together: keys are texts of models, of any length. */
  readonly characters?: number
  /** Told each value that is forgotten. */
  readonly forgotten?: (value: V) => void
}

/** A cache that forgets what was used longest ago: bounded in entries and in the characters of their keys. The newest is always kept. */
export class Lru<V> {
  private readonly entries = new Map<string, V>()
  private characters = 0
  private readonly most: number
  private readonly forgotten: (value: V) => void
  constructor(
    private readonly capacity: number,
    { characters = KEY_CHARACTERS, forgotten = () => {} }: LruLimits<V> = {},
  ) {
    this.most = characters
    this.forgotten = forgotten
  }

  get size(): number {
    return this.entries.size
  }

  get(key: string): V | undefined {
    const value = this.entries.get(key)
    if (value === undefined) return undefined
    this.entries.delete(key)
    this.entries.set(key, value)
    return value
  }

  set(key: string, value: V): void {
    this.delete(key)
    this.entries.set(ownText(key), value)
    this.characters += key.length
    while (this.entries.size > 1 && (this.entries.size > this.capacity || this.characters > this.most))
      this.delete(this.entries.keys().next().value!)
  }

  delete(key: string): void {
    const value = this.entries.get(key)
    if (value === undefined) return
    this.entries.delete(key)
    this.characters -= key.length
    this.forgotten(value)
  }

  clear(): void {
    for (const key of [...this.entries.keys()]) this.delete(key)
  }
}

/** V8 copies shorter parts of a string; of longer ones it keeps the whole string. */
const COPIED_CHARACTERS = 13

/** The text in memory of its own: an answer that was cut out of a completion would keep the whole completion alive. */
export const ownText = (text: string): string =>
  text.length < COPIED_CHARACTERS ? text : (JSON.parse(JSON.stringify(text)) as string)
