import type { Oracles, SolutionInput, StandInFilter, Verdict } from '../../types.ts'
import { type AccuracyOptions, accuracyRewardWith } from './accuracy.ts'
import type { ChemistryData } from './data.ts'
import type { Chemistry } from './evaluate.ts'
import { REWARD_REASON } from './reason.ts'

/** Filters in use that stand in for files of ether0's which cannot be shipped. A filter of the user's own, and a server's, is none. */
export type StandIns = ReadonlySet<'rings' | 'fingerprints' | 'purchasable'>

/** @param asksServer purchasability is a server's to say */
export function standInsOf({ provenance }: Pick<ChemistryData, 'provenance'>, asksServer: boolean): StandIns {
  const names = provenance.flatMap(({ name, standIn }) => (standIn && name !== 'functional-groups' ? [name] : []))
  return new Set(names.filter((name) => name !== 'purchasable' || !asksServer))
}

interface Judged {
  readonly completion: string
  readonly solution: SolutionInput
  readonly options: AccuracyOptions
  readonly chemistry: Chemistry
  readonly standIns: StandIns
}

const EVERYTHING = { has: () => true }

/** A filter refuses: only then can a verdict change when it is taken away. Rings are looked at before environments. */
const REFUSALS: Readonly<Record<string, readonly StandInFilter[]>> = {
  [REWARD_REASON.FAILED_RING_CHECK]: ['rings', 'rings+fingerprints'],
  [REWARD_REASON.FAILED_REOS_CHECK]: ['fingerprints'],
  [REWARD_REASON.NOT_PURCHASABLE]: ['purchasable'],
}

/**
 * The stand-in filter without which the verdict would have another value or status; `rings+fingerprints` where it takes both. Null where it would
 * stay. Filters only refuse, so that a verdict which passes, or fails for another reason, hinges on none.
 */
export async function hingeOf({ value, status, reason }: Verdict, judged: Judged): Promise<StandInFilter | null> {
  if (status === 'pass' || status === 'unverifiable') return null
  for (const filter of REFUSALS[reason ?? ''] ?? []) {
    const names = filter.split('+') as ('rings' | 'fingerprints' | 'purchasable')[]
    if (!names.every((name) => judged.standIns.has(name))) continue
    const without = await judgedWithout(new Set(names), judged)
    if (without.status !== status || without.value !== value) return filter
  }
  return null
}

function judgedWithout(names: StandIns, { completion, solution, options, chemistry }: Judged): Promise<Verdict> {
  const { data } = chemistry
  const open: ChemistryData = {
    rings: names.has('rings') ? EVERYTHING : data.rings,
    fingerprints: names.has('fingerprints') ? EVERYTHING : data.fingerprints,
    get purchasable() {
      return data.purchasable
    },
    functionalGroups: data.functionalGroups,
    provenance: data.provenance,
  }
  const oracles: Oracles = names.has('purchasable')
    ? { ...options.oracles, purchasable: async (smiles) => Object.fromEntries(smiles.map((one) => [one, true])) }
    : options.oracles
  return accuracyRewardWith(completion, solution, { ...options, oracles }, { ...chemistry, data: open })
}
