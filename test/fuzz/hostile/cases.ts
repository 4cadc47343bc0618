import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Command } from '../../command.ts'
import { bomb, bytes, HOSTILE, link, modelWith, pipe, row, runWith, weightsWith } from './inputs.ts'

export interface Case {
  /** What comes in. */
  readonly what: string
  readonly command: Command
  readonly args: readonly string[]
  readonly code: number
  /** What is said. */
  readonly says: RegExp
}
type Made = (scratch: string) => Promise<Omit<Case, 'what'>> | Omit<Case, 'what'>

const rm = (args: readonly string[], code: number, says: RegExp): Omit<Case, 'what'> => ({
  command: 'run-rm',
  args: ['--device', 'cpu', '--offline', ...args],
  code,
  says,
})
/** A file of data, read by run-verify. */
const data =
  (name: string, content: string | (() => Uint8Array), code: number, says: RegExp): Made =>
  (scratch) => {
    const path = join(scratch, name)
    writeFileSync(path, typeof content === 'string' ? content : content())
    return { command: 'run-verify', args: ['--dataset', path], code, says }
  }
const given = (name: string, code: number, says: RegExp): Made => {
  const gzipped = name === 'nulls.parquet'
  return data(
    name,
    () => (gzipped ? gunzipSync(readFileSync(`${HOSTILE}/${name}.gz`)) : readFileSync(`${HOSTILE}/${name}`)),
    code,
    says,
  )
}
const bombOf =
  (name: string, beginning: string, piece: string): Made =>
  async (scratch) => {
    const path = join(scratch, name)
    await bomb(path, beginning, piece)
    return {
      command: 'run-verify',
      args: ['--dataset', path],
      code: 3,
      says: /unpacks to more than 100 times|too large to unpack/,
    }
  }
const one = (scratch: string, over: Readonly<Record<string, unknown>> = {}): string => {
  const path = join(scratch, 'one.jsonl')
  writeFileSync(path, row({ id: 'a', ...over }))
  return path
}
const tokenizer =
  (name: string, code: number, says: RegExp, over: Readonly<Record<string, unknown>> = {}): Made =>
  (scratch) =>
    rm(
      [
        '--model',
        modelWith(scratch, 'model', 'tokenizer.json', bytes(readFileSync(`${HOSTILE}/tokenizer-${name}.json`))),
        ...['--dataset', one(scratch, over)],
      ],
      code,
      says,
    )
const model =
  (file: string, change: (path: string) => void, says: RegExp): Made =>
  (scratch) =>
    rm(['--model', modelWith(scratch, 'model', file, change), '--dataset', one(scratch)], 5, says)
const template =
  (name: string, code: number, says: RegExp): Made =>
  (scratch) => {
    const path = join(scratch, 'rows.jsonl')
    writeFileSync(path, row() + row({ prompt: 'Name an acid.' }))
    return rm(['--dataset', path, '--chat-template', `${HOSTILE}/template-${name}.jinja`], code, says)
  }
/** A row with something very long in it, beside one that has nothing of it, through run-rm. */
const long =
  (over: Readonly<Record<string, unknown>>, code: number, says: RegExp, flags: readonly string[] = []) =>
  (scratch: string): Omit<Case, 'what'> => {
    const path = join(scratch, 'one.jsonl')
    writeFileSync(path, row({ id: 'a', ...over }) + (code === 3 ? '' : row({ id: 'b' })))
    return rm(['--dataset', path, ...flags], code, says)
  }
const ether0 = (answer: string): string => `<|think_start|>x<|think_end|><|answer_start|>${answer}<|answer_end|>`
/** Something else in the place of a file. */
const instead =
  (
    make: (path: string) => void,
    asked: (scratch: string) => readonly [command: Command, args: readonly string[], code: number],
    name: string,
    says = /is not a regular file/,
  ): Made =>
  (scratch) => {
    make(join(scratch, name))
    const [command, args, code] = asked(scratch)
    return { command, args, code, says }
  }
const settings =
  (command: Command, flag: string, text: string, says: RegExp): Made =>
  (scratch) => {
    const path = join(scratch, 'x.yaml')
    writeFileSync(path, text)
    return { command, args: [flag, path, ...(command === 'run-rm' ? [] : ['--engine', 'slurm'])], code: 2, says }
  }
const run =
  (
    command: 'analyze' | 'verify-results',
    file: string,
    change: (text: string) => string,
    code: number,
    says: RegExp,
  ): Made =>
  (scratch) => {
    const folder = runWith(scratch, 'results', join(scratch, '../run'), file, change)
    return { command, args: command === 'analyze' ? ['--output-dir', join(scratch, 'results')] : [folder], code, says }
  }
const LAUGHS = `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((c, i) => `${c}: &${c} [${`*${'abcdefgh'[i]},`.repeat(9)}]`).join('\n')}\nmodel: *i\n`
const SURROGATES = ['prompt', 'chosen', 'id', 'subset', 'problem_type', 'solution'].map((column) =>
  row({ [column]: 'a\ud800b' }),
)
const NOBODY_SEES = [
  '\u001b[2J\u001b]0;own\u0007',
  '\u202egnp.exe',
  'z\u200bw',
  '\u009b31m',
  "=cmd|' /C calc'!A0",
  '+1',
  'a|b`c$x_1$',
  '<img src=x onerror=alert(1)>',
  'l\u2028s',
  '[x](http://e.vil)',
  'del\u007f',
  '\u{e0041}',
]

/** What comes in, and what must come of it; one folder each to work in. */
export const CASES: Readonly<Record<string, Made>> = {
  'tokenizer.json: an id is text': tokenizer('strid', 5, /the id of "0" is "x", not a whole number/),
  'tokenizer.json: an id is null': tokenizer('nullid', 5, /the id of "0" is null, not a whole number/),
  'tokenizer.json: the post-processor names no token': tokenizer('pp-missing', 5, /names the token "nope"/),
  'tokenizer.json: normalizers multiply the text': tokenizer(
    'growth',
    4,
    /tokenizer_error, .* makes more than 1,\d{3},\d{3} char/,
  ),
  'tokenizer.json: (a+)+$': tokenizer('redos-pre', 4, /tokenizer_error, .* does not come to an end/, {
    chosen: `${'a'.repeat(60)}!`,
    rejected: `${'a'.repeat(61)}!`,
  }),
  'template: tuples in tuples as a key': template('hashdeep', 5, /needs more than 5,000,000 steps/),
  'template: a message with terminal escapes': template('raise-escape', 4, /\\u001b\[2Jno\\n\\u001b\[31m/),
  'safetensors: a name with terminal escapes': (scratch) => {
    const folder = join(scratch, 'model')
    const from = 'test/data/parity/llama-gqa'
    mkdirSync(folder)
    for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
      writeFileSync(join(folder, file), readFileSync(join(from, file)))
    writeFileSync(
      join(folder, 'model.safetensors'),
      weightsWith(join(from, 'model.safetensors'), '\u001b[2J\u001b[31mHACK\n'),
    )
    return rm(
      ['--model', folder, '--dataset', one(scratch), '--chat-template', 'raw'],
      5,
      /\\u001b\[2J\\u001b\[31mHACK\\n/,
    )
  },
  'parquet: a byte of the schema changed': given('parquet-unhandled-201.parquet', 3, /is not in the schema/),
  'parquet: another': given('parquet-unhandled-f.parquet', 3, /is not in the schema/),
  'jsonl.gz: a column nested 100,000 deep': given(
    'row-deep-extra.jsonl.gz',
    4,
    /:2: the record is nested more than 1000 deep/,
  ),

  'config.json is a pipe': model('config.json', pipe, /is not a regular file/),
  'tokenizer.json is a link to /dev/zero': model('tokenizer.json', link('/dev/zero'), /is not a regular file/),
  'chat_template.jinja is a link to itself': model('chat_template.jinja', link('chat_template.jinja'), /link/),
  'model.safetensors is a link to itself': model('model.safetensors', link('model.safetensors'), /link/),
  'config.json nested 100,000 deep': model(
    'config.json',
    bytes(`${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}`),
    /nested more than 100 deep/,
  ),

  'parquet: 20,000,000 rows of nulls': given('nulls.parquet', 3, /it says 20,000,000 rows in 86,583 bytes/),
  'parquet: 33 kB that decode to 1 GiB': given('one-gib.parquet', 3, /say that they decode to 1,073,741,834/),
  'parquet: a text that is not UTF-8': given('not-utf8.parquet', 4, /:1: "prompt" is not UTF-8 text/),
  'arrow: a text that is not UTF-8': given('not-utf8.arrow', 4, /:1: "prompt" is not UTF-8 text/),
  'arrow: 10¹² rows in 506 bytes': given('huge-nulls.arrow', 3, /1,000,000,000,000 rows in 506 bytes/),
  'arrow stream: the same': given('huge-nulls-stream.arrow', 3, /1,000,000,000,000 rows in 288 bytes/),
  'jsonl: keys that stand twice': data(
    'd.jsonl',
    `${row()}{"prompt":"a","chosen":"b","chosen":"c","rejected":"d"}\n`,
    4,
    /:2: the key "chosen" stands twice/,
  ),
  'jsonl: halves of surrogate pairs': data(
    's.jsonl',
    row() + SURROGATES.join(''),
    4,
    /:7: "solution" contains half of a surrogate pair/,
  ),
  'jsonl: they alone': data('s.jsonl', SURROGATES.join(''), 3, /none of the 6 records is usable/),
  'jsonl: a surrogate as bytes': data(
    's.jsonl',
    () =>
      Buffer.concat([
        Buffer.from(row()),
        Buffer.from('{"prompt":"'),
        Buffer.from([0xed, 0xa0, 0x80]),
        Buffer.from('"}\n'),
      ]),
    4,
    /:2: the text is not UTF-8/,
  ),
  'jsonl: a prompt nested 100,000 deep': data(
    'p.jsonl',
    `${row()}{"prompt":${'['.repeat(1e5)}${']'.repeat(1e5)}}\n`,
    4,
    /:2: the record is nested more than 1000 deep/,
  ),
  'jsonl: 1,000,000 keys in a row': data(
    'k.jsonl',
    `${row()}{${Array.from({ length: 1e6 }, (_, i) => `"${i}":1`).join()}}\n`,
    4,
    /:2: the record holds more than 500,000/,
  ),
  'jsonl: a number of 5,000,000 digits': data(
    'n.jsonl',
    `${row()}{"n":${'9'.repeat(5e6)}}\n`,
    4,
    /:2: .*a whole number of 5,000,000 digits/,
  ),
  'jsonl: the same with a point behind': data(
    'n.jsonl',
    row() + row({ n: 0 }).replace('"n":0', `"n":${'9'.repeat(5e6)}.5`),
    0,
    /2 rows/,
  ),
  'jsonl: 10,000,000 empty lines': data('b.jsonl', '\n'.repeat(1e7) + row(), 0, /1 row,/),
  'csv: 200,000 columns': data(
    'c.csv',
    `prompt,chosen,rejected${',x'.repeat(2e5)}\n`,
    3,
    /200,003 columns, at most 10,000/,
  ),
  'csv: a record of 1,000,000 cells': data(
    'c.csv',
    `prompt,chosen,rejected\nq,a,b\n${','.repeat(1e6)}\n`,
    4,
    /:3: the record has 1000001 cells, the header has 3/,
  ),
  'csv: a record of 9,000,000 cells': data(
    'c.csv',
    `prompt,chosen,rejected\nq,a,b\n${','.repeat(9e6)}\n`,
    3,
    /more than 2,000,000 cells/,
  ),
  'csv: a quote that is not closed, 40 MB': data(
    'c.csv',
    `prompt,chosen,rejected\nq,a,b\nq,"${'a'.repeat(4e7)}`,
    4,
    /:3: the record is longer than 32 MiB/,
  ),
  'jsonl.gz: one row without end': bombOf('r.jsonl.gz', `${row()}{"prompt":"`, 'a'),
  'jsonl.gz: empty lines without end': bombOf('b.jsonl.gz', row(), '\n'),
  'jsonl.gz: the same row without end': bombOf('s.jsonl.gz', row(), row()),
  'csv.gz: one cell without end': bombOf('c.csv.gz', 'prompt,chosen,rejected\nq,a,"', 'a'),
  'json.gz: white space without end': bombOf('w.json.gz', '[', ' '),
  'parquet.gz: without end': bombOf('p.parquet.gz', 'PAR1', 'a'),
  'jsonl.gz: 300,000 members': data(
    'm.jsonl.gz',
    () => Buffer.concat([gzipSync(row()), ...Array<Buffer>(3e5).fill(gzipSync('\n'))]),
    0,
    /1 row,/,
  ),
  'jsonl.gz: cut': data(
    'x.jsonl.gz',
    () => gzipSync(row().repeat(1000)).subarray(0, -30),
    3,
    /cannot be unpacked: it ends in the middle/,
  ),
  'jsonl.gz: something behind': data(
    'x.jsonl.gz',
    () => Buffer.concat([gzipSync(row()), Buffer.from('garbage')]),
    3,
    /cannot be unpacked: it is damaged/,
  ),
  'smi.gz: a line without end': async (scratch) => {
    const path = join(scratch, 'x.smi.gz')
    await bomb(path, 'CCO\n', 'C')
    return {
      command: 'make-pairs',
      args: ['--from', path, '--kinds', 'isomer', '--output', join(scratch, 'pairs.jsonl')],
      code: 3,
      says: /unpacks to more than 100 times/,
    }
  },
  'data: /dev/zero': () => ({
    command: 'run-verify',
    args: ['--dataset', '/dev/zero'],
    code: 3,
    says: /is a device, not a file/,
  }),
  'ids and subsets that act or hide': data(
    'screen.jsonl',
    NOBODY_SEES.map((id) => row({ id, subset: id })).join(''),
    0,
    /12 rows/,
  ),

  '--name with terminal escapes': (scratch) =>
    rm(['--dataset', one(scratch), '--name', '\u001b[2Jx'], 2, /control character/),
  '--name of 300 characters': (scratch) =>
    rm(['--dataset', one(scratch), '--name', 'n'.repeat(300)], 2, /300|too long|longer/),
  '--config: aliases that multiply': settings('run-rm', '--config', LAUGHS, /x\.yaml/),
  'jobs table: aliases that multiply': settings('submit-eval-jobs', '--runs', LAUGHS, /x\.yaml/),
  'run.json of something else, verify-results': run(
    'verify-results',
    'run.json',
    () => '{"config":{},"methods":{},"models":[]}',
    3,
    /run\.json: holds what no run of this version writes/,
  ),
  'jsonl: a completion of 10 MB': long(
    { chosen: 'C'.repeat(10_000_000) },
    4,
    /chosen 0 has no score: too_long, 10,000,\d{3} characters, at most 1,000,000/,
  ),
  'jsonl: an id of 10 MB': long(
    { id: 'C'.repeat(10_000_000) },
    4,
    /"id" has 10,000,000 characters, at most 10,000 are read/,
  ),
  'summary.json emptied, verify-results': run(
    'verify-results',
    'summary.json',
    () => '',
    4,
    /summary\.json +\(whole\)/,
  ),
  'run.json with a seed of another type, verify-results': run(
    'verify-results',
    'run.json',
    (text) => text.replace(/"seed": 0/, '"seed": ["x"]'),
    3,
    /run\.json: holds what no run of this version writes: "config\.seed" is \["x"\]/,
  ),
  'scores.csv cut, analyze': run('analyze', 'scores.csv', (text) => text.slice(0, text.length - 40), 3, /scores\.csv/),
}

/** More of the same kinds: with the table alone, since each starts a process. */
export const MORE: Readonly<Record<string, Made>> = {
  'jsonl: a completion of 10 MB, cut on the left': long(
    { rejected: 'C O '.repeat(2_500_000) },
    4,
    /rejected 0 has no score: too_long, 10,000,\d{3} characters/,
    ['--truncation', 'left'],
  ),
  'jsonl: a prompt of 10 MB': long(
    { prompt: '\n'.repeat(9_999_999) },
    4,
    /has no score: too_long, 10,000,\d{3} characters/,
  ),
  'jsonl: a system message of 10 MB': long(
    {
      prompt: [
        { role: 'system', content: 'be kind '.repeat(1_250_000) },
        { role: 'user', content: 'Name an acid.' },
      ],
    },
    4,
    /has no score: too_long, 10,000,\d{3} characters/,
  ),
  'jsonl: 10 MB, --truncation error': long(
    { chosen: 'C'.repeat(10_000_000) },
    3,
    /one\.jsonl:1: 10,000,\d{3} characters, at most 1,000,000/,
    ['--truncation', 'error'],
  ),
  'jsonl: a completion of 10 MB, run-dpo': (scratch) => ({
    ...long(
      { chosen: '\u4e00'.repeat(3_333_333) },
      4,
      /chosen 0 has no score: too_long, 3,333,\d{3} characters/,
    )(scratch),
    command: 'run-dpo',
  }),
  'jsonl: an answer of 10 MB': (scratch) => ({
    command: 'run-verify',
    args: [
      '--dataset',
      one(scratch, { chosen: ether0('C(=O)'.repeat(2_000_000)), solution: 'valid_mol_eval!:!C!:!m' }),
    ],
    code: 0,
    says: /MoleculeTooLarge/,
  }),
  'jsonl: a subset of 10 MB': long(
    { subset: 'C'.repeat(10_000_000) },
    4,
    /"subset" has 10,000,000 characters, at most 1,000 are read/,
  ),
  'jsonl: a problem type of 10 MB': long(
    { solution: `a!:!b!:!${'C'.repeat(10_000_000)}` },
    4,
    /"solution's problem type" has 10,000,000 characters/,
  ),
  'jsonl: a column whose name has 10 MB': long(
    { ['C'.repeat(10_000_000)]: 1 },
    4,
    /… \(10,000,000 characters\)" has 10,000,000 characters/,
  ),
  'jsonl: a right answer of 10 MB, make-pairs': (scratch) => {
    const path = join(scratch, 'one.jsonl')
    const solution = 'formula_eval!:!CH4!:!m'
    writeFileSync(
      path,
      row({ id: 'a', chosen: ether0('C'.repeat(10_000_000)), solution }) +
        row({ id: 'b', chosen: ether0('C'), solution }),
    )
    const args = ['--from', path, '--output', join(scratch, 'pairs.jsonl'), '--n', '1']
    return {
      command: 'make-pairs',
      args,
      code: 4,
      says: /one\.jsonl:1: a right answer of 10000000 characters, at most 10000 are read/,
    }
  },
  ...Object.fromEntries(
    ['d.jsonl', 'd.csv', 'd.parquet', 'd.arrow', 'd.json', 'd.jsonl.gz'].map((name): [string, Made] => [
      `${name} is a pipe`,
      instead(pipe, (scratch) => ['run-verify', ['--dataset', join(scratch, name)], 3], name),
    ]),
  ),
  'd.jsonl is a link to /dev/zero': instead(
    link('/dev/zero'),
    (scratch) => ['run-verify', ['--dataset', join(scratch, 'd.jsonl')], 3],
    'd.jsonl',
    /is a device, not a file/,
  ),
  'd.jsonl is a link to itself': instead(
    link('d.jsonl'),
    (scratch) => ['run-verify', ['--dataset', join(scratch, 'd.jsonl')], 3],
    'd.jsonl',
    /d\.jsonl.*there is no such file or folder/,
  ),
  '--config is a pipe': instead(pipe, (scratch) => ['run-rm', ['--config', join(scratch, 'c.yaml')], 2], 'c.yaml'),
  '--chat-template is a pipe': instead(
    pipe,
    (scratch) => [
      'run-rm',
      ['--device', 'cpu', '--offline', '--limit', '2', '--chat-template', join(scratch, 't.jinja')],
      2,
    ],
    't.jinja',
  ),
  'jobs table is a pipe': instead(
    pipe,
    (scratch) => ['submit-eval-jobs', ['--engine', 'slurm', '--runs', join(scratch, 'r.yaml')], 2],
    'r.yaml',
  ),
  ...Object.fromEntries(
    (
      [
        ['measurements.jsonl', 'a pipe', pipe, /measurements\.jsonl: .*is not a regular file/],
        [
          'measurements.jsonl.lock',
          'a pipe',
          pipe,
          /measurements\.jsonl\.lock: is not a regular file, and a lock belongs there/,
        ],
        [
          'measurements.jsonl',
          'a link to /dev/zero',
          link('/dev/zero'),
          /measurements\.jsonl: .*is not a regular file/,
        ],
        ['tables', 'a pipe', pipe, /tables: is no folder, expected a folder/],
      ] as const
    ).map(([name, what, make, says]): [string, Made] => [
      `${name} is ${what}, run-rm`,
      (scratch) => {
        const folder = runWith(scratch, 'out', join(scratch, '../run'), 'run.json', (text) => text)
        const path = join(folder, '../demo-pairs', name)
        renameSync(folder, dirname(path))
        rmSync(path, { recursive: true, force: true })
        make(path)
        return rm(['--limit', '7', '--name', 'm'], 3, says)
      },
    ]),
  ),
  ...Object.fromEntries(
    (['analyze', 'verify-results'] as const).map((command): [string, Made] => [
      `scores.csv is a pipe, ${command}`,
      (scratch) => {
        const { args } = run(command, 'scores.csv', (text) => text, 3, /./)(scratch) as { args: readonly string[] }
        const path = join(scratch, 'results/m/d/scores.csv')
        rmSync(path)
        pipe(path)
        return { command, args, code: 3, says: /scores\.csv: .*is not a regular file/ }
      },
    ]),
  ),
}
