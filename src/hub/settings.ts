import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { getHFHubCachePath } from '@huggingface/hub'
import { UsageError } from '../errors.ts'
import { regularText } from '../read-regular.ts'
import { systemWords } from '../system-words.ts'

/** How the hub is reached; the environment variables are those of Python's huggingface_hub, so one set-up serves both. */
export interface HubSettings {
  /** Origin (and path prefix) of the hub, without a trailing slash. */
  readonly endpoint: string
  /** Sent to the endpoint's own origin only. */
  readonly token: string | null
  /** The folder that holds models--org--name/. */
  readonly cacheDir: string
  readonly offline: boolean
  /** A request that has not answered, or a download that has been silent, for so long is given up (and retried). */
  readonly timeoutMs: number
  /** Tries after the first one; 0.5 s, 1 s, 2 s … apart. */
  readonly retries: number
  readonly retryMinMs: number
}

export function hubSettings(
  overrides: { readonly [K in keyof HubSettings]?: HubSettings[K] | undefined } = {},
  env: NodeJS.ProcessEnv = process.env,
): HubSettings {
  return {
    endpoint: checkedEndpoint(overrides.endpoint ?? (env.HF_ENDPOINT || 'https://huggingface.co')),
    token: checkedToken(overrides.token === undefined ? tokenOf(env) : overrides.token),
    cacheDir: overrides.cacheDir ?? getHFHubCachePath(),
    // Either is enough: who exports HF_HUB_OFFLINE on a cluster must not be overruled by a flag's default.
    offline: overrides.offline === true || isOn(env.HF_HUB_OFFLINE) || isOn(env.TRANSFORMERS_OFFLINE),
    timeoutMs: overrides.timeoutMs ?? 30_000,
    retries: overrides.retries ?? 5,
    retryMinMs: overrides.retryMinMs ?? 500,
  }
}

/** huggingface_hub's ENV_VARS_TRUE_VALUES. */
const isOn = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '')

/** HF_TOKEN, else the file that `hf auth login` writes. */
function tokenOf(env: NodeJS.ProcessEnv): string | null {
  const given = env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN
  if (given) return given
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface')
  const file = env.HF_TOKEN_PATH || join(home, 'token')
  if (!existsSync(file)) return null
  try {
    return regularText(file)
  } catch (cause) {
    throw new UsageError(
      `the file of the token ${systemWords(cause)}`,
      file,
      'Mend that, or set HF_TOKEN, which goes before it.',
      { cause },
    )
  }
}

/** A token with a line break in it would be a header injection; the message must not print it. */
function checkedToken(token: string | null): string | null {
  const trimmed = token?.trim()
  if (!trimmed) return null
  if (!/^[\x21-\x7e]+$/.test(trimmed))
    throw new UsageError('holds characters that no token has (spaces, line breaks or non-ASCII)', 'HF_TOKEN')
  return trimmed
}

function checkedEndpoint(endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.username !== '')
    throw new UsageError(`"${endpoint}" is not an http(s) address`, 'HF_ENDPOINT', 'For example https://huggingface.co')
  return endpoint.replace(/\/+$/, '')
}
