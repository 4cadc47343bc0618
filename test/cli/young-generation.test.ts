import { expect, it } from 'vitest'
import { start } from '../command.ts'

/** Said by a bin as it ends, bytes of V8's young generation. */
const WATCH = `import v8 from 'node:v8'
process.on('exit', () => {
  const { space_size } = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  process.stderr.write('young generation ' + space_size)
})`

it.each([
  ['run-rm', ['--help']],
  ['run-dpo', ['--help']],
  ['chemherm', ['run-rm', '--help']],
] as const)('%s %j loads its modules in a young generation that does not grow', async (bin, args) => {
  const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(WATCH)}`
  const { code, stderr } = await start(bin, args, { NODE_OPTIONS }).done
  expect(code).toBe(0)
  // 32 MiB by itself
  expect(Number(/young generation (\d+)/.exec(stderr)![1])).toBeLessThanOrEqual(4 * 2 ** 20)
})
