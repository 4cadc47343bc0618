import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { packagePath } from '../../src/package.ts'

/** Writes so many of the demo's pairs, a number behind each prompt, so that every text is another. */
export async function writeDemoRows(path: string, pairs: number): Promise<void> {
  const demo = readFileSync(packagePath('src/embedded/demo/pairs.jsonl'), 'utf8').trimEnd().split('\n')
  const rows = demo.map((line) => JSON.parse(line) as { id: string; prompt: { role: string; content: string }[] })
  const file = createWriteStream(path)
  for (let i = 0; i < pairs; i++) {
    const row = rows[i % rows.length]!
    const prompt = row.prompt.map((turn, k) => (k > 0 ? turn : { ...turn, content: `${turn.content} (${i})` }))
    if (!file.write(`${JSON.stringify({ ...row, id: `${row.id}-${i}`, prompt })}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}
