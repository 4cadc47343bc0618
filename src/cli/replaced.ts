import type { ResolvedDevice } from '../model/device.ts'
import { versions } from '../report/manifest.ts'
import type { RunConfig } from '../setup/config.ts'
import type { RunFolder } from '../setup/folder.ts'
import { readRecord } from '../setup/identity.ts'
import type { LoadedModel } from '../setup/models.ts'
import type { OpenSubject } from '../setup/subject.ts'
import type { Verifier } from '../types.ts'
import { type Replaced, replacedBy, replacedText } from './differences.ts'
import type { Log } from './log.ts'

/** What is known of a run before anything is measured. */
export interface RunAhead {
  readonly config: RunConfig
  readonly models: readonly LoadedModel[]
  readonly subjects: readonly OpenSubject[]
  readonly device: ResolvedDevice | null
  /** null with --no-verify, and in a dry run. */
  readonly verifier: Verifier | null
}

/**
 * Why the folder is called as it is, and what becomes of the results in it; the latter is returned for the manifest.
 * @param dry nothing is written: what would become of them
 */
export function sayFolder({ path, remarks }: RunFolder, ahead: RunAhead, log: Log, dry = false): Replaced | null {
  for (const remark of remarks) log.warn(remark)
  const replaced = replacedBy(readRecord(path, 'run.json'), record(ahead))
  if (replaced === null) return null
  const text = replacedText(replaced, path, dry)
  if (replaced.how === 'replaces') log.warn(text)
  else log.info(text)
  return replaced
}

/** The parts of run.json that two runs are compared by. */
const record = ({ config, models, subjects, device, verifier }: RunAhead): Record<string, unknown> => ({
  config: JSON.parse(JSON.stringify(configAsRun(config, subjects))),
  models: models.map((model, i) => ({
    role: model.choice.role,
    tokenizer: { sha256: model.tokenizer.sha256 },
    text: subjects[i]?.text,
    dtype: subjects[i]?.dtype,
  })),
  device,
  versions: versions(),
  ...(verifier !== null && { verification: { provenance: verifier.provenance } }),
})

/** The options as they came to be: with --herm-compat the chat template that is used may be another than the one that was named. */
export function configAsRun(config: RunConfig, subjects: readonly Pick<OpenSubject, 'text'>[]): RunConfig {
  const used = new Set(subjects.map(({ text }) => text.chat_template))
  const [chatTemplate] = used
  return used.size === 1 && chatTemplate !== undefined ? { ...config, chatTemplate } : config
}
