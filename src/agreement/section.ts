import { type Interval, indexClusters, percentileInterval } from '../stats/bootstrap.ts'
import { bootstrapSums } from '../stats/sums.ts'
import { wilson } from '../stats/wilson.ts'
import {
  type BootstrapSettings,
  bootstrapMethod,
  type MethodInterval,
  NO_VARIATION,
  OFTEN_UNDEFINED,
  randomOf,
} from './intervals.ts'

/** A subset as part of a section. */
export interface SectionPart {
  readonly name: string
  readonly weight: number
  readonly value: number
  /** Its own interval, which a section of this subset alone has too. */
  readonly own: MethodInterval
  /** Resamples of the value from the subset's own stream; null for one prompt. */
  readonly distribution: Float64Array | null
  /** Code of each scored pair's prompt, and what the pair counts in the value, 0 … 1. */
  readonly cluster: Int32Array
  readonly counts: Float64Array
}

/**
 * Interval of Σ weight·value / Σ weight over the subsets of a section. Subsets are resampled independently of each other; those that
 * share a prompt, together. A subset whose prompts are all alike (at 0 or 1, say) has no variation to resample: then the subsets' own
 * intervals are combined by MOVER (Zou & Donner 2008, Stat. Med. 27:1693: the distances from value to limit, weighted, add up in
 * squares), such a subset's from Wilson's limit of the share of prompts that are not alike.
 */
export function sectionInterval(
  section: string,
  parts: readonly SectionPart[],
  settings: BootstrapSettings,
): MethodInterval {
  if (parts.length === 0) return { interval: null, method: null }
  if (parts.length === 1) return parts[0]!.own
  const single = parts.find(({ distribution }) => distribution === null)
  if (single !== undefined) return { interval: null, method: `none: one prompt in ${single.name}` }
  const alike = parts.filter(({ distribution }) => distribution!.every((v) => v === distribution![0]))
  if (alike.length === parts.length && alike.every(({ value }) => value !== 0 && value !== 1)) return NO_VARIATION
  const groups = sharingPrompts(parts)
  const shared = groups.length < parts.length
  if (alike.length > 0) {
    const method = `MOVER over subsets: wilson over prompts where all are alike, else ${bootstrapMethod(settings)}`
    return {
      interval: mover(groups, new Set(alike)),
      method: shared ? `${method}; subsets that share prompts add in full` : method,
    }
  }
  const interval = percentileInterval(combined(section, groups, settings))
  if (interval === null) return OFTEN_UNDEFINED
  if (interval.low === interval.high) return NO_VARIATION
  const together = shared ? ', those that share prompts together' : ''
  return { interval, method: `within subsets${together}: ${bootstrapMethod(settings)}` }
}

/** The parts in groups: two that share a prompt are in one. Order of the names, not of the rows. */
function sharingPrompts(parts: readonly SectionPart[]): SectionPart[][] {
  const group = parts.map((_, i) => i)
  const rootOf = (i: number): number => (group[i] === i ? i : rootOf(group[i]!))
  const first = new Map<number, number>()
  parts.forEach(({ cluster }, i) => {
    for (const prompt of cluster) {
      const other = first.get(prompt)
      if (other === undefined) first.set(prompt, i)
      else group[rootOf(i)] = rootOf(other)
    }
  })
  const groups = new Map<number, SectionPart[]>()
  parts.forEach((part, i) => {
    const root = rootOf(i)
    groups.set(root, [...(groups.get(root) ?? []), part])
  })
  return [...groups.values()]
}

const totalWeight = (parts: readonly SectionPart[]): number => parts.reduce((sum, { weight }) => sum + weight, 0)

/** Σ weight·resample / Σ weight, resample by resample. */
function combined(section: string, groups: readonly SectionPart[][], settings: BootstrapSettings): Float64Array {
  const total = totalWeight(groups.flat())
  const out = new Float64Array(settings.resamples)
  for (const group of groups) {
    const distribution = group.length === 1 ? group[0]!.distribution! : together(section, group, settings)
    const share = totalWeight(group) / total
    for (let b = 0; b < out.length; b++) out[b] = out[b]! + distribution[b]! * share
  }
  return out
}

/** Resamples of the weighted mean of subsets that share prompts: a prompt is drawn with its pairs in all of them. */
function together(section: string, group: readonly SectionPart[], settings: BootstrapSettings): Float64Array {
  const { cluster, clusters } = indexClusters(Int32Array.from(group.flatMap((part) => [...part.cluster])))
  const total = totalWeight(group)
  let row = 0
  const columns = group.flatMap(({ counts }) => {
    const [rows, sums] = [new Float64Array(clusters), new Float64Array(clusters)]
    for (const value of counts) {
      const c = cluster[row++]!
      rows[c] = rows[c]! + 1
      sums[c] = sums[c]! + value
    }
    return [rows, sums]
  })
  const { distributions } = bootstrapSums(
    columns,
    1,
    (sums, out) => {
      let mean = 0
      group.forEach(({ weight }, s) => {
        mean += (weight / total) * (sums[2 * s + 1]! / sums[2 * s]!)
      })
      out[0] = mean
    },
    settings.resamples,
    randomOf({ ...settings, stream: `section ${section}` }),
  )
  return distributions[0]!
}

function mover(groups: readonly SectionPart[][], alike: ReadonlySet<SectionPart>): Interval {
  const total = totalWeight(groups.flat())
  let [value, below, above] = [0, 0, 0]
  for (const group of groups) {
    let [down, up] = [0, 0]
    for (const part of group) {
      const { low, high } = alike.has(part) ? alikeInterval(part) : percentileInterval(part.distribution!)!
      const share = part.weight / total
      value += share * part.value
      down += share * Math.max(0, part.value - low)
      up += share * Math.max(0, high - part.value)
    }
    below += down * down
    above += up * up
  }
  return { low: value - Math.sqrt(below), high: value + Math.sqrt(above) }
}

/**
 * All prompts have the same value: a share u of others may have been missed, u being Wilson's limit for none seen, and each of them can
 * have any value from 0 to 1. At 0 and 1 this is Wilson's interval.
 */
function alikeInterval({ value, cluster }: SectionPart): Interval {
  const prompts = new Set(cluster).size
  const missed = wilson(0, prompts)!.high
  return { low: value * (1 - missed), high: value + missed * (1 - value) }
}
