// Loaded before a command by fs-errors.ts (`node --require`): the n-th call of one kind on files of a folder ends in an error of the system, as
// from a server of files; with no call named, calls are counted. Only what the commands themselves call synchronously is reached.
const fs = require('node:fs')
const { syncBuiltinESMExports } = require('node:module')
const { isMainThread } = require('node:worker_threads')

const { folder, call, code, at, counts } = JSON.parse(process.env.FS_ERRORS)
const CALLS = [
  'openSync',
  'writeSync',
  'closeSync',
  'fsyncSync',
  'ftruncateSync',
  'renameSync',
  'linkSync',
  'mkdirSync',
  'rmSync',
]
const own = Object.fromEntries(CALLS.map((name) => [name, fs[name]]))
const seen = Object.fromEntries(CALLS.map((name) => [name, 0]))
const opened = new Map()
const isIn = (first) => (typeof first === 'number' ? opened.has(first) : String(first).startsWith(folder))

if (isMainThread) {
  for (const name of CALLS)
    fs[name] = (first, ...rest) => {
      const inside = isIn(first)
      // what is only read is a test of another kind
      const counted = inside && !(name === 'openSync' && /^r$/.test(String(rest[0] ?? 'r')))
      if (counted) seen[name]++
      if (name === 'closeSync') opened.delete(first)
      if (counted && name === call && seen[name] === at) {
        if (name === 'closeSync') own.closeSync(first)
        throw Object.assign(new Error(`${code}: something went wrong, ${name.replace('Sync', '')} '${first}'`), {
          code,
          errno: -1,
          syscall: name.replace('Sync', ''),
          ...(typeof first === 'string' && { path: first }),
        })
      }
      const result = own[name](first, ...rest)
      if (name === 'openSync' && counted) opened.set(result, String(first))
      return result
    }
  syncBuiltinESMExports()
  if (counts) process.on('exit', () => fs.writeFileSync(counts, JSON.stringify(seen)))
}
