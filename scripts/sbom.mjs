// npm run sbom [-- FILE]: what is installed with chemherm as CycloneDX, from the lock file; exit 1 for a licence that needs a look.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

/** Licences that ask for no more than their own text, which npm installs with the package. */
const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]

const text = execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'], {
  encoding: 'utf8',
  maxBuffer: 2 ** 28,
  stdio: ['ignore', 'pipe', 'ignore'],
})
const { components } = JSON.parse(text)
const notice = readFileSync('NOTICE', 'utf8')
const licencesOf = ({ licenses = [] }) =>
  licenses.map((entry) => entry.license?.id ?? entry.license?.name ?? entry.expression ?? '')
const odd = components.filter((component) => {
  const licences = licencesOf(component)
  return (
    !(licences.length > 0 && licences.every((licence) => PERMISSIVE.includes(licence))) &&
    !notice.includes(component.name)
  )
})
const scripted = Object.entries(JSON.parse(readFileSync('package-lock.json', 'utf8')).packages)
  .filter(([path, { dev, hasInstallScript }]) => path !== '' && !dev && hasInstallScript)
  .map(([path]) => path.replace(/^.*node_modules\//, ''))
const { allowScripts } = JSON.parse(readFileSync('package.json', 'utf8'))
const undecided = scripted.filter((name) => !(name in allowScripts))
if (process.argv[2] !== undefined) writeFileSync(process.argv[2], text)
console.log(
  `${components.length} packages; licences: ${[...new Set(components.flatMap(licencesOf))].sort().join(', ')}`,
)
for (const component of odd)
  console.error(
    `${component.name} ${component.version}: licence ${licencesOf(component).join(', ') || 'not stated'}, neither permissive nor in NOTICE`,
  )
for (const name of undecided)
  console.error(`${name} has an install script that package.json's allowScripts does not decide on`)
process.exit(odd.length + undecided.length > 0 ? 1 : 0)
