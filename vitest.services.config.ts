import { defineConfig, mergeConfig } from 'vitest/config'
import base, { SERVICES } from './vitest.config.ts'

/** Servers that are started, asked, killed; processes that are the first of a container: `npm run test:services`, apart from `npm test`. */
export default mergeConfig(
  { ...base, test: { ...base.test, include: undefined, exclude: undefined, reporters: undefined } },
  defineConfig({
    test: {
      include: [...SERVICES],
      reporters: process.env.CI ? ['default', ['json', { outputFile: 'test-results.services.json' }]] : ['default'],
    },
  }),
)
