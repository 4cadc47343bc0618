import { defineConfig } from 'vitest/config'

/** Checks on a real Slurm, which they install where they may (Debian, root): `npm run test:slurm`. */
export default defineConfig({
  test: { include: ['test/slurm/*.ts'], testTimeout: 900_000, hookTimeout: 600_000, disableConsoleIntercept: true },
})
