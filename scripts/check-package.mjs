// npm run check:package: what users of npm get. Packs the package, looks at the tarball (publint, are-the-types-wrong), installs it in an
// empty folder, runs its bins and checks its types there with skipLibCheck off, under each TypeScript that is installed here.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname ?? '.', '..')
const folder = mkdtempSync(join(tmpdir(), 'chemherm-package-'))
const home = join(folder, 'project')
mkdirSync(home)
// onnxruntime-node's post-install would fetch CUDA files
const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', npm_config_audit: 'false', npm_config_fund: 'false' }

/** Runs a command; what it prints goes to the screen where it fails. */
function run(what, command, args, { cwd = home, says = [] } = {}) {
  const started = performance.now()
  let output
  try {
    output = execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    console.error(`${what}: ${command} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`)
    throw new Error(`${what} failed`)
  }
  for (const text of says)
    if (!output.includes(text)) throw new Error(`${what}: "${text}" is not in what it printed:\n${output}`)
  console.log(`✓ ${what} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  return output
}
/** A package's bin as installed here, whatever its folder is called. */
const tool = (name, bin) => [process.execPath, [join(root, 'node_modules', name, bin)]]
const runTool = (what, name, bin, args, options) => {
  const [node, script] = tool(name, bin)
  return run(what, node, [...script, ...args], options)
}

try {
  run('npm pack', 'npm', ['pack', '--pack-destination', folder], { cwd: root })
  const tarball = join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('.tgz')),
  )
  runTool('publint', 'publint', 'src/cli.js', [tarball, '--strict'], { cwd: root })
  // an ES module package: require() of it, and node10's resolution of its subpaths, are not promised
  runTool('are the types wrong', '@arethetypeswrong/cli', 'dist/index.js', [tarball, '--profile', 'esm-only'])

  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }))
  run('npm install', 'npm', ['install', tarball])
  const { version, bin } = JSON.parse(readFileSync(join(home, 'node_modules/chemherm/package.json'), 'utf8'))
  for (const name of Object.keys(bin)) {
    run(`npx ${name} --version`, 'npx', ['--no', '--', name, '--version'], { says: [version] })
    // loads all that the command needs, which --version does not
    run(`npx ${name} --help`, 'npx', ['--no', '--', name, '--help'], { says: [name] })
  }
  const small = ['--limit', '2', '--resamples', '100', '--device', 'cpu']
  run('npx chemherm run-rm', 'npx', ['--no', '--', 'chemherm', 'run-rm', ...small], {
    says: ['accuracy', 'verifier: '],
  })
  if (!existsSync(join(home, 'results/demo-reward-model/demo-pairs/report.html')))
    throw new Error('there is no report.html')
  run('npx chemherm analyze', 'npx', ['--no', '--', 'chemherm', 'analyze', '--resamples', '100'], {
    says: ['demo-reward-model'],
  })
  run('npx chemherm setup-cuda --help', 'npx', ['--no', '--', 'chemherm', 'setup-cuda', '--help'], {
    says: ['--dry-run'],
  })
  // asks the package index for the sizes of the files
  if (process.platform === 'linux' && process.arch === 'x64')
    run('npx chemherm setup-cuda --dry-run', 'npx', ['--no', '--', 'chemherm', 'setup-cuda', '--dry-run'], {
      says: ['.whl', 'in all'],
    })

  writeFileSync(
    join(home, 'use.ts'),
    `import { accuracyReward, type ScoreOptions, scoreCompletions } from 'chemherm'
import { mcnemar } from 'chemherm/stats'
export const options: ScoreOptions = {}
export const use = [accuracyReward, scoreCompletions, mcnemar] as const
// @ts-expect-error a name that is not there: types are found, not any
export { nothing } from 'chemherm'
`,
  )
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
  }
  writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }))
  for (const name of ['typescript', 'typescript-6']) {
    const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'))
    runTool(`types, skipLibCheck off, TypeScript ${version}`, name, 'bin/tsc', ['-p', '.'])
  }
  writeFileSync(
    join(home, 'use.mjs'),
    `import { canonicalSmiles } from 'chemherm'\nimport 'chemherm/stats'\nconsole.log(await canonicalSmiles('OCC'))\n`,
  )
  run('import', process.execPath, ['use.mjs'], { says: ['CCO'] })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
