// Writes the API reference of chemherm and chemherm/stats to docs/api, from the docstrings. TypeDoc reads TypeScript's own interface,
// which TypeScript 7 does not have yet: it gets version 6 (the package typescript-6), which stands beside the one that builds.
import { register } from 'node:module'

const hook = `export const resolve = (name, context, next) => next(name === 'typescript' ? 'typescript-6' : name, context)`
register(`data:text/javascript,${encodeURIComponent(hook)}`, import.meta.url)
const { Application } = await import('typedoc')

const app = await Application.bootstrap({
  name: 'chemherm',
  entryPoints: ['src/index.ts', 'src/stats/index.ts'],
  tsconfig: 'tsconfig.build.json',
  out: 'docs/api',
  readme: 'README.md',
  disableSources: true,
  excludeExternals: true,
  // a docstring that links to what is not there, or names a parameter that does not exist
  validation: { notExported: false, invalidLink: true, notDocumented: false },
  treatWarningsAsErrors: true,
})
const project = await app.convert()
if (project === undefined || app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1)
app.validate(project)
await app.generateOutputs(project)
process.exit(app.logger.hasErrors() || app.logger.hasWarnings() ? 1 : 0)
