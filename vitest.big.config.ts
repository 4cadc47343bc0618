import { defineConfig } from 'vitest/config'

/** Checks that need downloads or many minutes: `npm run test:big`. */
export default defineConfig({
  test: { include: ['test/big/*.ts'], testTimeout: 1_800_000, disableConsoleIntercept: true },
})
