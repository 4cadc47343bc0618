import type { Expr, Stmt } from './ast.ts'
import { TemplateFault, unsupported } from './fault.ts'
import { knowsFilter, refusesFilter } from './filters.ts'
import { parseTemplate } from './parser.ts'
import { knowsPredicate, refusesPredicate } from './predicates.ts'

type Node = { readonly kind: string; readonly name?: string; readonly line: number } & Readonly<Record<string, unknown>>

/**
 * Reads and checks a template.
 * @throws TemplateFault where it is not valid, or asks for what we refuse
 */
export function readTemplate(source: string): { readonly tree: readonly Stmt[]; readonly usesClock: boolean } {
  try {
    const tree = parseTemplate(source)
    return { tree, ...checkTemplate(tree) }
  } catch (error) {
    // A chain of a hundred thousand operands is a tree that deep.
    if (error instanceof RangeError)
      throw new TemplateFault('limit', 'RecursionError', 'the template is nested too deep')
    throw error
  }
}

/**
 * What Jinja2 refuses when it compiles: filters and tests that do not exist. Inside an `if` (but not inside a loop or a macro
 * in it) it waits until the line runs, and so do we. Says too whether the template reads the clock.
 */
function checkTemplate(template: readonly Stmt[]): { readonly usesClock: boolean } {
  let usesClock = false
  const visit = (value: unknown, soft: boolean): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item, soft)
      return
    }
    if (typeof value !== 'object' || value === null) return
    const node = value as Node
    if (node.kind === 'filter' && !soft) {
      if (refusesFilter(node.name!)) throw at(unsupported(`the filter '${node.name}'`), node.line)
      if (!knowsFilter(node.name!)) throw assertion(`No filter named '${node.name}'.`, node.line)
    }
    if (node.kind === 'test' && !soft) {
      if (refusesPredicate(node.name!)) throw at(unsupported(`the test '${node.name}'`), node.line)
      if (!knowsPredicate(node.name!)) throw assertion(`No test named '${node.name}'.`, node.line)
    }
    if (node.kind === 'name' && node.name === 'strftime_now') usesClock = true
    const waits = SOFT.has(node.kind) || (soft && !HARD.has(node.kind))
    for (const child of Object.values(node)) visit(child, waits)
  }
  visit(template, false)
  return { usesClock }
}
/** Nodes whose children Jinja2 checks only when they run, and nodes that open a frame which ends that. */
const SOFT: ReadonlySet<string> = new Set<Stmt['kind'] | Expr['kind']>(['if', 'condition'])
const HARD: ReadonlySet<string> = new Set<Stmt['kind']>([
  'for',
  'macro',
  'callblock',
  'filterblock',
  'assignblock',
  'with',
  'generation',
])

const assertion = (message: string, line: number): TemplateFault =>
  new TemplateFault('syntax', 'TemplateAssertionError', message, line)
function at(fault: TemplateFault, line: number): TemplateFault {
  fault.line = line
  return fault
}
