import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { supportedArchitectures } from '../model/archs/index.ts'
import { headNames } from '../model/heads/index.ts'
import { packagePath } from '../package.ts'

/** Models known by name (configs/models.yaml): what is listed and said of them. How one is read is decided by its own files, never by its name. */

const schema = z.record(
  z.string(),
  z.strictObject({
    /** model_type of its config.json. */
    architecture: z.string(),
    /** As run.json names it; null: none that gives a score per completion. */
    head: z.string().nullable(),
    /** RewardBench's, where the tokenizer has none of its own. */
    'chat-template': z.string().optional(),
    tokenizer: z.string().optional(),
    /** Of a DPO policy. */
    reference: z.string().optional(),
    /** Published average on RewardBench 2, per cent. */
    'rewardbench-2': z.number().min(0).max(100).optional(),
    note: z.string().optional(),
  }),
)

export interface KnownModel {
  readonly name: string
  readonly command: 'run-rm' | 'run-dpo'
  readonly architecture: string
  readonly head: string | null
  readonly chatTemplate: string | null
  readonly tokenizer: string | null
  readonly reference: string | null
  readonly rewardBench2: number | null
  readonly note: string | null
  /** Why it does not open here; null where its architecture and its head are built. */
  readonly refused: string | null
}

export function knownModels(): KnownModel[] {
  const file = schema.parse(parse(readFileSync(packagePath('configs/models.yaml'), 'utf8')))
  return Object.entries(file).map(([name, { architecture, head, note, ...more }]) => ({
    name,
    command: head === 'log-prob' ? 'run-dpo' : 'run-rm',
    architecture,
    head,
    chatTemplate: more['chat-template'] ?? null,
    tokenizer: more.tokenizer ?? null,
    reference: more.reference ?? null,
    rewardBench2: more['rewardbench-2'] ?? null,
    note: note ?? null,
    refused: refusal(architecture, head, note ?? null),
  }))
}

function refusal(architecture: string, head: string | null, note: string | null): string | null {
  if (head === null) return note ?? 'no head that gives a score per completion'
  if (!supportedArchitectures.includes(architecture))
    return `architecture ${architecture} is not built${note === null ? '' : `: ${note}`}`
  return headNames.includes(head) ? null : `head ${head} is not built`
}
