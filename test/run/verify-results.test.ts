import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packagePath } from '../../src/package.ts'
import { type Done, run, temporaryFolder } from './bin.ts'

const { path: out, remove } = temporaryFolder()
afterAll(remove)
const PAIRS = join('demo-reward-model', 'pairs')
const GROUPS = join('verifiable', 'groups')
const data = (name: string): string => join(out, `${name}.jsonl`)
const firstLines = (file: string, n: number): string =>
  `${readFileSync(packagePath(file), 'utf8').split('\n').slice(0, n).join('\n')}\n`

beforeAll(async () => {
  // the last cannot be read
  writeFileSync(data('pairs'), `${firstLines('src/embedded/demo/pairs.jsonl', 9)}{"prompt": 1}\n`)
  writeFileSync(data('groups'), firstLines('src/embedded/demo/groups.jsonl', 3))
  const common = ['--output-dir', join(out, 'runs'), '--resamples', '100', '--quiet']
  const ran = await run('run-rm', ['--dataset', data('pairs'), '--device', 'cpu', '--max-length', '140', ...common])
  expect(ran.code, ran.stderr).toBe(4)
  expect((await run('run-verify', ['--dataset', data('groups'), ...common])).code).toBe(0)
})

let copies = 0
/** A copy of a run, changed. */
function changed(which: string, file: string, edit: (text: string) => string): string {
  const folder = join(out, 'copies', String(++copies))
  cpSync(join(out, 'runs', which), folder, { recursive: true })
  const path = join(folder, file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, edit(existsSync(path) ? readFileSync(path, 'utf8') : ''))
  return folder
}
const verify = (folder: string, ...more: string[]): Promise<Done> => run('verify-results', [folder, ...more])
const findings = async (folder: string, ...more: string[]) => {
  const { code, stdout } = await verify(folder, '--log-format', 'json', '--quiet', ...more)
  const found = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(code).toBe(found.length > 0 ? 4 : 0)
  return found
}
/** The cell of a column in the first row below the header whose line matches. */
const withCell =
  (column: string, value: string, of = /./) =>
  (text: string) => {
    const lines = text.split('\n')
    const at = lines[0]!.split(',').indexOf(column)
    const row = lines.findIndex((line, i) => i > 0 && of.test(line))
    const cells = lines[row]!.split(',')
    cells[at] = value
    lines[row] = cells.join(',')
    return lines.join('\n')
  }

describe('verify-results', () => {
  it('finds nothing in runs as they were written, each file of them recomputed', async () => {
    const { code, stdout } = await verify(join(out, 'runs'))
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/demo-reward-model\/pairs: [12]\d files recomputed, nothing differs$/),
      expect.stringMatching(/verifiable\/groups: [12]\d files recomputed, nothing differs$/),
    ])
    expect(code).toBe(0)
  })

  it('names the runs that it leaves out', async () => {
    const folder = join(out, 'beside')
    cpSync(join(out, 'runs', GROUPS), join(folder, GROUPS), { recursive: true })
    for (const [name, file] of [
      ['prompts', 'run.json'],
      ['begun', 'identity.json'],
      ['not-ours', 'notes.txt'],
    ] as const) {
      mkdirSync(join(folder, 'policy', name), { recursive: true })
      writeFileSync(join(folder, 'policy', name, file), '{}')
    }
    const { code, stdout, stderr } = await verify(folder)
    expect(code).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(1)
    const named = ['begun', 'prompts'].map((name) => join(folder, 'policy', name)).join(', ')
    expect(stderr).toContain(
      `warning: not recomputed, without scores.csv (of run-process, of run-generate, or not at an end): 2 runs, ${named}\n`,
    )
  })

  it.each([
    [PAIRS, 'agreement.csv', withCell('value', '0.99', /^pairs,all,accuracy_half/), 'value'],
    [PAIRS, 'pairs.csv', withCell('outcome', 'tie'), 'outcome'],
    [PAIRS, 'pairs.csv', withCell('chosen_chars', '1'), 'chosen_chars'],
    [PAIRS, 'failures.csv', withCell('reason', 'other'), 'reason'],
    [PAIRS, 'summary.json', (text) => text.replace(/"strict": [\d.]+/, '"strict": 0.123'), 'accuracy.overall.strict'],
    [PAIRS, 'tables/accuracy.tex', (text) => text.replace(/\d+\.\d/, '99.9'), '(lines)'],
    [PAIRS, 'methods.md', (text) => text.replace(/has \d+ pairs/, 'has 99 pairs'), '(lines)'],
    [PAIRS, 'references.bib', (text) => text.replace('1960', '1961'), '(lines)'],
    [PAIRS, 'tables/agreement.tex', (text) => text.replace(/(\d)\.\d\d/, '$1.99'), '(lines)'],
    [PAIRS, 'report.html', (text) => text.replace(/(<text[^>]*>)[^<]*\d[^<]*<\/text>/, '$1999</text>'), '(lines)'],
    [PAIRS, 'run.json', (text) => text.replace(/"pass": \d+/, '"pass": 99'), 'verdicts'],
    [PAIRS, 'tables/other.md', () => 'of another run\n', '(file)'],
    [GROUPS, 'groups.csv', withCell('pass_at_n', '0.5'), 'pass_at_n'],
    [GROUPS, 'curves.csv', withCell('value', '0.5'), 'value'],
    [GROUPS, 'advantages.csv', withCell('advantage_verifier', '7'), 'advantage_verifier'],
  ] satisfies [string, string, (text: string) => string, string][])(
    '%s/%s changed',
    async (which, file, edit, column) => {
      const found = await findings(changed(which, file, edit), '--no-rewards')
      // the report shows run.json, too
      const [first, ...more] = found.filter(({ check }) => file !== 'run.json' || check === file)
      expect([first, more]).toEqual([expect.objectContaining({ check: file, column, rows: expect.any(Number) }), []])
      expect(first!.message).toContain(`${file}: ${column}: `)
    },
  )

  it('finds a score that was changed in all that comes of it', async () => {
    const found = await findings(changed(PAIRS, 'scores.csv', withCell('score', '1000')), '--no-rewards')
    const files = found.map(({ check }) => check)
    for (const file of ['pairs.csv', 'agreement.csv', 'report.html', 'herm/eval-set-scores/demo-reward-model.json'])
      expect(files).toContain(file)
  })

  it('verifies the completions again, unless --no-rewards', async () => {
    const folder = changed(PAIRS, 'scores.csv', withCell('verifiable_reason', 'wrong_formula'))
    const reason = { check: 'scores.csv', column: 'verifiable_reason', rows: 1, written: 'wrong_formula' }
    expect(await findings(folder)).toContainEqual(expect.objectContaining(reason))
    expect(await findings(folder, '--no-rewards')).not.toContainEqual(expect.objectContaining(reason))
  })

  it('asks no hub with --offline', async () => {
    const folder = changed(PAIRS, 'run.json', (text) => text.replace(JSON.stringify(data('pairs')), '"org/none"'))
    const { code, stderr } = await verify(folder, '--offline')
    expect([code, stderr]).toEqual([7, expect.stringContaining('org/none: offline')])
  })

  it('says on the screen, or in JSON, or quietly', async () => {
    const folder = join(out, 'runs', PAIRS)
    expect((await verify(folder, '--no-rewards')).stderr).toContain('are not made again')
    expect((await verify(folder, '--no-rewards', '--quiet')).stderr).toBe('')
    const { stderr } = await verify(folder, '--no-rewards', '--log-format', 'json')
    for (const line of stderr.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('level')
  })

  it('goes on with the other runs where one cannot be read', async () => {
    const broken = changed(PAIRS, 'run.json', () => '{')
    const { code, stdout, stderr } = await run('verify-results', [broken, join(out, 'runs', GROUPS), '--no-rewards'])
    expect([code, stdout]).toEqual([4, expect.stringContaining('nothing differs')])
    expect(stderr).toContain('is no JSON')
  })

  it('names the row where scores.csv is not of the data', async () => {
    const cut = changed(PAIRS, 'scores.csv', (text) => text.split('\n').toSpliced(3, 1).join('\n'))
    expect(await findings(cut, '--no-rewards')).toEqual([
      expect.objectContaining({ check: 'scores.csv', column: '(rows)', row: 'row 3' }),
    ])
    const short = changed(PAIRS, 'scores.csv', (text) => `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`)
    expect((await findings(short, '--no-rewards'))[0]!.written).toContain('ends before')
  })

  it('takes the data from where they are now, and says where they are others', async () => {
    const moved = join(out, 'moved.jsonl')
    cpSync(data('groups'), moved)
    rmSync(data('groups'))
    const folder = join(out, 'runs', GROUPS)
    const { code, stderr } = await verify(folder)
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(
        /there is no such file[\s\S]*run\.json of .* names it; --dataset says where the data are now/,
      ),
    ])
    const both = await verify(join(out, 'runs'))
    expect([both.code, both.stderr]).toEqual([
      4,
      expect.stringContaining(
        `${folder}: not recomputed: ${data('groups')}: there is no such file or folder. run.json`,
      ),
    ])
    expect((await verify(folder, '--dataset', moved)).code).toBe(0)
    writeFileSync(moved, readFileSync(moved, 'utf8').replace('"id"', '"id" '))
    expect((await findings(folder, '--dataset', moved)).map(({ column }) => column)).toEqual(['identity.data_sha256'])
  })

  it.each([
    [[], 2, 'names no folder'],
    [['/nowhere'], 3, 'there is no such folder'],
    [[join(out, 'none')], 3, 'holds no run'],
  ])('%j: exit %i', async (args, code, message) => {
    mkdirSync(join(out, 'none'), { recursive: true })
    const done = await run('verify-results', args)
    expect([done.code, done.stderr]).toEqual([code, expect.stringContaining(message)])
  })

  it('what serve-rewards kept is no run: left out among others, and refused alone', async () => {
    const served = changed(PAIRS, 'run.json', () => JSON.stringify({ served: {} }))
    const alone = await verify(served)
    expect([alone.code, alone.stderr]).toEqual([3, expect.stringContaining('was kept by serve-rewards')])
    const done = await run('verify-results', [served, join(out, 'runs', PAIRS)])
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining(`${served}: was kept by serve-rewards`)])
  })

  it('a folder without run.json, or with one of before it could be recomputed', async () => {
    const bare = changed(PAIRS, 'run.json', () => '{}')
    expect(await verify(bare)).toMatchObject({ code: 3, stderr: expect.stringContaining('does not say how') })
    rmSync(join(bare, 'run.json'))
    expect(await verify(bare)).toMatchObject({ code: 3, stderr: expect.stringContaining('is not there') })
  })
})
