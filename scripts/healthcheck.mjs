// The image's HEALTHCHECK. Asks the serve-rewards that the container runs for /health, on the address and port of its command line, or
// CHEMHERM_HEALTH_URL where that is set. A container that runs another command is well as long as it runs. Exit code 0 or 1.
import { readFileSync } from 'node:fs'

const url = process.env.CHEMHERM_HEALTH_URL || urlOf(readFileSync('/proc/1/cmdline', 'utf8').split('\0'))
if (url === null) {
  console.log('no server runs here')
} else {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(4000) })
    console.log(`${url}: ${response.status}`)
    process.exitCode = response.ok ? 0 : 1
  } catch (error) {
    console.log(`${url}: ${error.cause?.message ?? error.message}`)
    process.exitCode = 1
  }
}

/** @param {string[]} words the command line of the container's first process, also that of an init with ours behind it */
function urlOf(words) {
  if (!words.some((word) => /(^|\/)serve-rewards(\.js)?$/.test(word))) return null
  const host = optionOf(words, '--host') ?? '127.0.0.1'
  // an address for all of them is none to ask
  const asked = { '0.0.0.0': '127.0.0.1', '::': '[::1]', '[::]': '[::1]' }[host] ?? host
  const bracketed = asked.includes(':') && !asked.startsWith('[') ? `[${asked}]` : asked
  return `http://${bracketed}:${optionOf(words, '--port') ?? 8000}/health`
}

/** @param {string} flag also as --flag=value */
function optionOf(words, flag) {
  const at = words.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`))
  if (at < 0) return undefined
  return words[at] === flag ? words[at + 1] : words[at].slice(flag.length + 1)
}
