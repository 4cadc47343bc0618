import { expect, it } from 'vitest'
import { besideSources, type Import, importsOf, loadedWith, sources, textOf } from './imports.ts'

// The rules that src/README.md states, over every import of src/, analysis/ and scripts/. No file is an exception.

/** Files directly under src/ that every folder may see. */
const GROUND = [
  'digest-map.ts',
  'errors.ts',
  'given.ts',
  'is-record.ts',
  'nearest.ts',
  'no-telemetry.ts',
  'onnx-files.ts',
  'package.ts',
  'packed-name.ts',
  'passing-file.ts',
  'plain-text.ts',
  'prng.ts',
  'process-space.ts',
  'python-regex.ts',
  'read-regular.ts',
  'small-heap.ts',
  'statistic-lines.ts',
  'subset-name.ts',
  'system-words.ts',
  'temporary-folder.ts',
  'thread-time.ts',
  'tight-heap.ts',
  'types.ts',
  'stop-signals.ts',
  'unfinished.ts',
  'unique-keys.ts',
  'unscored.ts',
  'untrusted-json.ts',
  'visible-text.ts',
  'weight-files.ts',
  'whole-file.ts',
]
/** Folders that know nothing of each other. */
const STAGES = [
  'agreement',
  'chem',
  'generate',
  'groups',
  'hub',
  'model',
  'pairs',
  'report',
  'score',
  'stats',
  'store',
  'text',
]
/** Makes pairs of molecules: between the stages, of which it sees these, and what runs it. */
const MAKER = { folder: 'make', sees: ['chem', 'pairs', 'python'] } as const
/** What Python means by a value, and Jinja2 by a template: they know nothing of this project. What each may see besides itself. */
const ENGINES: Readonly<Record<string, readonly string[]>> = { jinja: ['python'], python: [] }
/** The only arrows from a stage to other stages, and to the engines. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  agreement: ['groups', 'stats'],
  chem: ['python'],
  text: ['jinja', 'python'],
}

/**
 * The rooms of chem/, and what each may see besides itself and the ground: other rooms, and the engine `python`. What ether0's rewards ask
 * of oracles is a port of types.ts, so that neither of the two sees the other.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  toolkit: ['python'],
  ether0: ['toolkit', 'python'],
  oracles: ['toolkit'],
  claims: ['toolkit'],
  workers: ['toolkit', 'ether0', 'oracles'],
}

const area = (path: string): string => (path.includes('/') ? path.split('/')[0]! : path)
/** Of a file of chem/: its room. Of any other: its folder. */
const room = (path: string): string => area(path.replace(/^chem\//, ''))
const all: readonly Import[] = sources().flatMap(importsOf)
/** Of analysis/ and scripts/. */
const beside: readonly Import[] = besideSources().flatMap(importsOf)
const own = all.filter(({ to }) => to.endsWith('.ts'))
const show = (imports: readonly Import[]): string[] => imports.map(({ from, to }) => `${from} → ${to}`)

it('reads the imports of a file', () => {
  expect(importsOf('library/draw.ts')).toEqual([
    { from: 'library/draw.ts', to: 'chem/toolkit/draw.ts', typeOnly: true, dynamic: false },
    { from: 'library/draw.ts', to: 'chem/toolkit/draw.ts', typeOnly: false, dynamic: true },
  ])
  expect(own.length).toBeGreaterThan(400)
  expect(all.filter(({ to }) => to === 'onnxruntime-node').map(({ from }) => from)).toContain('model/session.ts')
})

it('every folder of src/ is in one layer', () => {
  const folders = new Set(sources().map(area))
  expect([...folders].sort()).toEqual(
    [
      ...GROUND,
      ...Object.keys(ENGINES),
      ...STAGES,
      MAKER.folder,
      'cli',
      'collect.ts',
      'index.ts',
      'join.ts',
      'library',
      'model-pass.ts',
      'run.ts',
      'serve',
      'setup',
      'statistics',
    ].sort(),
  )
})

it('the ground sees only the ground', () => {
  expect(show(own.filter(({ from, to }) => GROUND.includes(from) && !GROUND.includes(to)))).toEqual([])
})

it('an engine sees itself, jinja also python, and no package: each could be published', () => {
  const outward = all.filter(({ from, to }) => {
    const sees = ENGINES[area(from)]
    return sees !== undefined && !(to.endsWith('.ts') && [area(from), ...sees].includes(area(to)))
  })
  expect(show(outward)).toEqual([])
})

it('a stage sees itself and the ground, and of the others only what is written down', () => {
  const sideways = own.filter(({ from, to }) => {
    const [here, there] = [area(from), area(to)]
    return STAGES.includes(here) && here !== there && !GROUND.includes(there) && !(ARROWS[here] ?? []).includes(there)
  })
  expect(show(sideways)).toEqual([])
})

it('make sees the ground and two stages; only cli sees make', () => {
  const below = own.filter(({ from }) => area(from) === MAKER.folder).map(({ to }) => area(to))
  expect([...new Set(below)].filter((name) => ![...GROUND, ...MAKER.sees, MAKER.folder].includes(name))).toEqual([])
  const above = own.filter(({ from, to }) => area(to) === MAKER.folder && area(from) !== MAKER.folder)
  expect([...new Set(above.map(({ from }) => area(from)))]).toEqual(['cli'])
})

it('every file of chem is in a room, which sees itself, the ground and the rooms below', () => {
  expect(
    [
      ...new Set(
        sources()
          .filter((path) => area(path) === 'chem')
          .map(room),
      ),
    ].sort(),
  ).toEqual(Object.keys(ROOMS).sort())
  const upward = own.filter(
    ({ from, to }) =>
      area(from) === 'chem' && !GROUND.includes(to) && ![room(from), ...(ROOMS[room(from)] ?? [])].includes(room(to)),
  )
  expect(show(upward)).toEqual([])
})

it('a verdict needs neither ONNX Runtime nor a server: ether0 loads no package', () => {
  expect([...loadedWith('chem/ether0/accuracy.ts').packages]).toEqual([])
})

it('run.ts and model-pass.ts see the stages of their line', () => {
  const line = ['run.ts', 'model-pass.ts']
  const seen = new Set(own.filter(({ from }) => line.includes(from)).map(({ to }) => area(to)))
  expect([...seen].filter((name) => ![...GROUND, ...line].includes(name)).sort()).toEqual(['pairs', 'score', 'store'])
})

it('statistics sees agreement and its rows in the report; of src/ only cli sees it', () => {
  const below = own.filter(({ from }) => area(from) === 'statistics').map(({ to }) => area(to))
  expect([...new Set(below)].filter((name) => !GROUND.includes(name)).sort()).toEqual([
    'agreement',
    'report',
    'statistics',
  ])
  const above = own.filter(({ from, to }) => area(to) === 'statistics' && area(from) !== 'statistics')
  expect([...new Set(above.map(({ from }) => area(from)))]).toEqual(['cli'])
})

it('setup sees the stages; only cli, the server and the library see setup', () => {
  const below = own.filter(({ from }) => area(from) === 'setup').map(({ to }) => area(to))
  expect([...new Set(below)].filter((name) => ![...GROUND, ...STAGES, 'setup'].includes(name))).toEqual([])
  const above = own.filter(({ from, to }) => area(to) === 'setup' && area(from) !== 'setup')
  expect([...new Set(above.map(({ from }) => area(from)))].sort()).toEqual(['cli', 'library', 'serve'])
})

it('nothing sees cli or the server, and only the front door sees the library', () => {
  expect(show(own.filter(({ from, to }) => area(to) === 'cli' && area(from) !== 'cli'))).toEqual([])
  expect(show(own.filter(({ from, to }) => area(to) === 'serve' && area(from) !== 'serve'))).toEqual([])
  expect(show(own.filter(({ from, to }) => area(from) === 'serve' && area(to) === 'library'))).toEqual([])
  const front = own.filter(({ from, to }) => area(to) === 'library' && area(from) !== 'library')
  expect(new Set(front.map(({ from }) => from))).toEqual(new Set(['index.ts']))
  expect(show(own.filter(({ to }) => to === 'index.ts'))).toEqual([])
})

it('no circles', () => {
  const inCircle = [...sources(), ...besideSources()].filter((file) =>
    importsOf(file).some(
      ({ to, typeOnly, dynamic }) => to.endsWith('.ts') && !typeOnly && !dynamic && loadedWith(to).files.has(file),
    ),
  )
  expect(inCircle).toEqual([])
})

/** A file that starts by itself. */
const isBin = (file: string): boolean => textOf(file).startsWith('#!')
/** What bins load once they listen for signals. */
const isCommand = (file: string): boolean => /^(scripts|analysis)\/commands\//.test(file)
const BENCH = 'scripts/bench/'
/** What the pieces of `analyze` and `per-token` need of src/, beside the ground. */
const ANALYSIS_NEEDS = ['agreement', 'hub', 'pairs', 'report', 'score', 'setup', 'stats', 'text']

it('src/ sees nothing beside it; nothing sees a bench or a bin; a command is seen on demand, by its bin or by chemherm; analysis/ sees no script', () => {
  expect(show(all.filter(({ to }) => /^(\.\.|analysis|scripts|test)\//.test(to)))).toEqual([])
  // what is published must not need the tests
  expect(show(beside.filter(({ from, to }) => to.startsWith('test/') && !from.startsWith(BENCH)))).toEqual([])
  const toBin = [...own, ...beside].filter(({ to }) => to.endsWith('.ts') && isBin(to))
  expect(show(toBin)).toEqual([])
  expect(
    show(beside.filter(({ from, to, dynamic }) => isCommand(to) && !(dynamic && (isBin(from) || isCommand(from))))),
  ).toEqual([])
  expect(show(beside.filter(({ from, to }) => to.startsWith(BENCH) && !from.startsWith(BENCH)))).toEqual([])
  expect(show(beside.filter(({ from, to }) => area(from) === 'analysis' && area(to) === 'scripts'))).toEqual([])
})

it('the pieces of analysis/ see themselves, the ground and what they need; and they need it', () => {
  const pieces = beside.filter(
    ({ from, to }) => area(from) === 'analysis' && to.endsWith('.ts') && !isBin(from) && !isCommand(from),
  )
  const seen = new Set(pieces.map(({ to }) => area(to)))
  expect([...seen].filter((name) => name !== 'analysis' && !GROUND.includes(name)).sort()).toEqual(ANALYSIS_NEEDS)
})

it('a bin is above cli: no script but a bin, its command or a bench, and none takes the front door', () => {
  const scripts = besideSources().filter((file) => area(file) === 'scripts')
  expect(scripts.filter((file) => !isBin(file) && !isCommand(file) && !file.startsWith(BENCH))).toEqual([])
  expect(show(beside.filter(({ to }) => to === 'index.ts' || area(to) === 'library'))).toEqual([])
})

it('a bin loads next to nothing before it listens for signals', () => {
  const bins = besideSources().filter((file) => isBin(file) && !file.startsWith(BENCH))
  expect(bins.length).toBeGreaterThan(12)
  for (const bin of bins) {
    const { files, packages } = loadedWith(bin)
    const few = [bin, 'cli/command.ts', 'cli/start.ts', 'no-telemetry.ts', 'stop-signals.ts']
    expect([...files, ...packages].filter((one) => !few.includes(one))).toEqual([])
    expect(files).toContain('stop-signals.ts')
  }
})

/** Packages with machine code, WebAssembly or sockets, and the edges (◆) behind which they sit. */
const EDGES: Readonly<Record<string, readonly string[]>> = {
  'onnxruntime-node': [
    'chem/oracles/solubility.ts',
    'model/decoder.ts',
    'model/device-probe.ts',
    'model/ort-session.ts',
    'model/ready-made/session.ts',
    'model/session-thread.ts',
  ],
  '@huggingface/tokenizers': ['text/backend.ts'],
  '@huggingface/hub': ['hub/listing.ts', 'hub/settings.ts'],
  'proper-lockfile': ['hub/download.ts', 'model/quantised/file.ts'],
  'apache-arrow': ['pairs/arrow.ts'],
  hyparquet: ['pairs/parquet-pages.ts', 'pairs/parquet-values.ts', 'pairs/parquet.ts'],
  fastify: ['serve/app.ts'],
  'prom-client': ['serve/operations/metrics.ts'],
  yargs: ['cli/parse.ts'],
}
it.each(Object.entries(EDGES))('%s is loaded in its place only', (name, files) => {
  // a bench measures the package itself
  const users = [...all, ...beside.filter(({ from }) => !from.startsWith(BENCH))].filter(
    ({ to, typeOnly }) => !typeOnly && (to === name || to.startsWith(`${name}/`)),
  )
  expect([...new Set(users.map(({ from }) => from))].sort()).toEqual(files)
})

it('what loads ONNX Runtime, or starts a thread that may, forbids its telemetry first', () => {
  const users = all.filter(
    ({ from, to, typeOnly }) =>
      (to === 'onnxruntime-node' && !typeOnly) || (to === 'node:worker_threads' && /\bnew Worker\(/.test(textOf(from))),
  )
  expect(users.length).toBeGreaterThan(6)
  const unguarded = users.filter(({ from }) => !loadedWith(from).files.has('no-telemetry.ts'))
  expect(show(unguarded)).toEqual([])
})

it('@rdkit/rdkit is loaded in its place only', () => {
  // a CommonJS package: by createRequire, which importsOf does not see
  const users = [...sources(), ...besideSources()].filter((file) => textOf(file).includes("('@rdkit/rdkit')"))
  expect(users).toEqual(['chem/toolkit/rdkit.ts'])
})

it('scoring, groups, statistics and agreement are pure: no files, no processes, no network', () => {
  const PURE = ['agreement', 'generate', 'groups', 'score', 'stats']
  const built = all.filter(({ from, to }) => PURE.includes(area(from)) && /^node:(fs|child_process|net|http)/.test(to))
  expect(show(built)).toEqual([])
})

/** What opens files to read them, beside src/read-regular.ts, and why it may: nothing that a stranger put there is read. */
const OWN_READERS: Readonly<Record<string, string>> = {
  'chem/claims/names.ts': 'embedded data',
  'chem/ether0/data.ts': 'embedded data',
  'chem/oracles/options.ts': 'embedded data',
  'chem/oracles/purchasable.ts': 'embedded data',
  'chem/oracles/solubility.ts': 'embedded data',
  'chem/toolkit/rdkit.ts': 'an installed package',
  'hub/receive.ts': 'opened to be written, once its place was looked at',
  'make/output.ts': 'opened to be written',
  'model/device-libraries.ts': 'an installed package',
  'model/free-memory.ts': "the system's",
  'model/quantised/file.ts': 'a file that it made itself',
  'package.ts': 'our own package',
  'process-space.ts': "the system's",
  'report/html/frame.ts': 'embedded data',
  'report/manifest.ts': 'an installed package',
  'serve/journal.ts': 'a new file',
  'setup/certificate-reference.ts': 'embedded data',
  'setup/certificate.ts': 'embedded data',
  'setup/known-models.ts': 'embedded data',
  'store/completions.ts': 'a new file',
  'store/file.ts': 'a new file; a folder',
  'store/local.ts': 'a file that it made itself',
  'store/lock.ts': "the system's",
  'thread-time.ts': "the system's",
  'whole-file.ts': 'a new file',
}
it('files are opened to be read in one place', () => {
  const opens =
    /\b(?:readFile|readFileSync|createReadStream|openSync|openAsBlob)\(|import \{[^}]*\bopen\b[^}]*\} from 'node:fs\/promises'/
  const files = [...sources(), ...besideSources().filter((file) => !file.startsWith(BENCH))]
  const found = files.filter((file) => file !== 'read-regular.ts' && opens.test(textOf(file)))
  expect(found.sort()).toEqual(Object.keys(OWN_READERS))
})
