import { Budget, MAX_CHARS, MAX_STEPS } from '../python/budget.ts'
import { Dict, type Value } from '../python/values.ts'
import { runtimeError, TemplateFault, unsupported } from './exceptions.ts'
import { knowsFilter, refusesFilter } from './filters.ts'
import { Renderer } from './interpreter.ts'
import type { Expr, Stmt } from './nodes.ts'
import { parseTemplate } from './parser.ts'
import { knowsTest, refusesTest } from './tests.ts'

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
    if (error instanceof RangeError) throw tooDeep('the template is')
    throw error
  }
}

export interface RenderOptions {
  readonly variables: ReadonlyMap<string, Value>
  /** What strftime_now shows. */
  readonly now: Date
  /** Called where the template asks for the date. */
  readonly onClock?: () => void
  readonly budget?: Budget
}

/** Renders a parsed template. Every failure is a TemplateFault. */
export function render(
  template: readonly Stmt[],
  { variables, now, onClock, budget = templateBudget() }: RenderOptions,
): string {
  try {
    return new Renderer(variables, budget, now, onClock).run(template)
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep('the template is')
    throw error
  }
}
const templateBudget = (): Budget => new Budget(MAX_STEPS, MAX_CHARS, 'the template')
const tooDeep = (what: string): TemplateFault => new TemplateFault('limit', 'RecursionError', `${what} nested too deep`)

/** Plain JSON-like data as a template value. A whole number is an int, as JSON's are. */
export function fromJs(input: unknown, depth = 0): Value {
  if (depth > 100) throw tooDeep('the data are')
  switch (typeof input) {
    case 'string':
    case 'boolean':
    case 'bigint':
      return input
    case 'number':
      return Number.isInteger(input) && !Object.is(input, -0) ? BigInt(input) : input
    case 'undefined':
      return null
    case 'object':
      if (input === null) return null
      if (Array.isArray(input)) return input.map((item) => fromJs(item, depth + 1))
      return Dict.named(
        Object.entries(input)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => [key, fromJs(value, depth + 1)] as const),
      )
    default:
      throw runtimeError('TypeError', `a ${typeof input} cannot be given to a template`)
  }
}
// ── checks ──────────────────────────────────────────────────────────────────────────────────────────────────────────

type Node = { readonly kind: string; readonly name?: string; readonly line: number } & Readonly<Record<string, unknown>>

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
      if (refusesFilter(node.name!)) throw unsupported(`the filter '${node.name}'`, node.line)
      if (!knowsFilter(node.name!)) throw assertion(`No filter named '${node.name}'.`, node.line)
    }
    if (node.kind === 'test' && !soft) {
      if (refusesTest(node.name!)) throw unsupported(`the test '${node.name}'`, node.line)
      if (!knowsTest(node.name!)) throw assertion(`No test named '${node.name}'.`, node.line)
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
