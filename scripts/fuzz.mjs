// npm run fuzz -- --minutes N: damaged inputs for everything that reads what strangers made (test/fuzz), 1 minute if not said.
import { spawnSync } from 'node:child_process'

const [flag, value = '1'] = process.argv.slice(2)
const minutes = Number(value)
if ((flag !== undefined && flag !== '--minutes') || !(minutes > 0)) {
  console.error('npm run fuzz -- --minutes N')
  process.exit(2)
}
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', 'test/fuzz/fuzz.test.ts', '--reporter=verbose'],
  {
    stdio: 'inherit',
    env: { ...process.env, CHEMHERM_FUZZ_MINUTES: String(minutes) },
  },
)
process.exit(status ?? 1)
