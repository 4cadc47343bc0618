import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/**
 * Where a process number means something: containers have numbers of their own, and two of them may have the same host name, on one machine or
 * on two. Each field is null where the system does not tell it (no Linux, no /proc).
 */
export interface ProcessSpace {
  readonly host: string
  /** One start of a machine. */
  readonly boot: string | null
  /** Its space of process numbers: the inode of /proc/self/ns/pid. @example '4026531836' */
  readonly pidSpace: string | null
  /** The machine over its starts: a hash of /etc/machine-id, which must not leave the machine as it is. */
  readonly machine: string | null
}

/** The space outside all containers, on every Linux (PROC_PID_INIT_INO of include/linux/proc_ns.h). */
const OUTERMOST = '4026531836'

const told = (read: () => string): string | null => {
  try {
    return read().trim() || null
  } catch {
    return null
  }
}
const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

let own: ProcessSpace | undefined
/** That of this process. */
export function ownSpace(): ProcessSpace {
  own ??= {
    host: hostname(),
    boot: told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    pidSpace: told(() => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? ''),
    machine: told(() => hash(`chemherm ${readFileSync('/etc/machine-id', 'utf8').trim()}`).slice(0, 16)),
  }
  return own
}

/**
 * Whether a process of another space can be looked up here. `here`: its number means the same process; also where one of the two does not say more
 * than its host's name. `over`: this machine has started anew since, so that it has ended. `elsewhere`: nothing here tells.
 */
export function relationOf(other: ProcessSpace, self: ProcessSpace = ownSpace()): 'here' | 'over' | 'elsewhere' {
  if (other.host !== self.host) return 'elsewhere'
  if (other.boot === null || other.pidSpace === null || self.boot === null || self.pidSpace === null) return 'here'
  if (other.boot === self.boot) return other.pidSpace === self.pidSpace ? 'here' : 'elsewhere'
  // of a container nobody knows on which machine it was; what ran beside all containers of this machine ended with it
  const onThisMachine = other.machine !== null && other.machine === self.machine
  return onThisMachine && other.pidSpace === OUTERMOST && self.pidSpace === OUTERMOST ? 'over' : 'elsewhere'
}

/** The host with its space, as part of a file's name. @example 'node3-5f0c2a91' */
export function spaceName({ host, boot, pidSpace }: ProcessSpace = ownSpace()): string {
  const name = host.replace(/[^\w-]/g, '-')
  return boot === null || pidSpace === null ? name : `${name}-${hash(`${boot} ${pidSpace}`).slice(0, 8)}`
}
