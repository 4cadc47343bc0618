import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { packagePath } from '../src/package.ts'
import { smallHeapWords } from '../src/small-heap.ts'

it('says before it begins that Node may end it', () => {
  expect(smallHeapWords(144 * 2 ** 20)).toContain('JavaScript may use 144 MiB of memory')
  expect(smallHeapWords(176 * 2 ** 20)).toBeNull()
})

it.each(['run-verify', 'analyze'])('is said by %s', (bin) => {
  const args = [
    packagePath(`dist/scripts/${bin}.js`),
    ...(bin === 'analyze' ? ['--output-dir', 'none'] : ['--dry-run']),
  ]
  const heard = (megabytes: number): string =>
    spawnSync(process.execPath, args, {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: `--max-old-space-size=${megabytes}` },
    }).stderr
  expect(heard(96)).toContain(`${bin}: warning: JavaScript may use`)
  expect(heard(256)).not.toContain('JavaScript may use')
})
