import { ALL } from './statistic-table.ts'

/** What a subset of the scope `invariance` is called. @example transformationWords('family:spelling') // 'spelling, all' */
export const transformationWords = (subset: string): string => {
  if (subset === ALL) return 'all'
  const family = /^family:(.*)$/.exec(subset)?.[1]
  return (family === undefined ? subset : `${family}, all`).replaceAll('_', ' ').replace('verdict:kept', 'verdict kept')
}
