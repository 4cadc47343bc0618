import { existsSync } from 'node:fs'
import { DataError, UsageError } from '../errors.ts'
import { localFolder, parseRepo } from '../hub/repo.ts'
import { hubSettings } from '../hub/settings.ts'
import { checkTemplateName } from '../text/renderer.ts'
import type { ModelChoice, RunConfig } from './config.ts'
import { refusedByName } from './no-reward.ts'

/**
 * Refuses what can be told to be wrong by the options alone and by what names stand for, before anything is downloaded or opened: a model
 * that is neither a folder nor a hub id, a policy that is its own reference, a template or a certificate's reference that is not there.
 * @throws HarnessError
 */
export function checkAhead(config: RunConfig): void {
  for (const choice of config.models) {
    const refused = refusedByName(choice, config.head)
    if (refused !== null) throw refused
    checkName(choice.name, choice.revision)
  }
  checkName(config.tokenizer, undefined)
  checkReference(config.models)
  const { certify, certifyReference } = config
  if (certify && certifyReference !== null && !existsSync(certifyReference))
    throw new DataError(
      'is not there',
      certifyReference,
      'Name a file of scripts/oracles/certify.py with --certify-reference.',
    )
  if (config.models.length > 0) checkTemplateName(config.chatTemplate)
}

function checkName(name: string | null, revision: string | undefined): void {
  if (name === null || localFolder(name) !== null) return
  parseRepo('model', name, revision)
  // the address and the token that the hub will be asked with
  hubSettings()
}

/** The same hub id at the same revision; folders are compared by their weights, once they are read. */
function checkReference([policy, reference]: readonly ModelChoice[]): void {
  if (policy === undefined || reference?.role !== 'reference' || policy.name === null) return
  if (policy.name !== reference.name || policy.revision !== reference.revision || existsSync(policy.name)) return
  throw new UsageError(
    'is the policy itself, at the same revision',
    '--ref-model',
    'Every implicit reward would be 0. Name the model that the policy was trained from, or leave --ref-model out.',
  )
}
