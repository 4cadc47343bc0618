import type { BinaryOperator } from '../python/numbers.ts'
import type { CompareOperator } from '../python/operators.ts'

/** Jinja2's syntax tree (jinja2/nodes.py). Fields stand in Jinja2's order, because name analysis walks them in that order. */

export interface At {
  readonly line: number
}
export type Expr =
  | (At & { readonly kind: 'const'; readonly value: string | bigint | number | boolean | null })
  | (At & { readonly kind: 'name'; readonly name: string; readonly store: boolean })
  | (At & { readonly kind: 'nsref'; readonly name: string; readonly attr: string })
  | (At & { readonly kind: 'tuple'; readonly items: readonly Expr[] })
  | (At & { readonly kind: 'list'; readonly items: readonly Expr[] })
  | (At & { readonly kind: 'dict'; readonly pairs: readonly (readonly [Expr, Expr])[] })
  | (At & { readonly kind: 'condition'; readonly test: Expr; readonly value: Expr; readonly otherwise: Expr | null })
  | (At & CallParts & { readonly kind: 'call'; readonly callee: Expr })
  | FilterNode
  | (At & CallParts & { readonly kind: 'test'; readonly operand: Expr; readonly name: string })
  | (At & { readonly kind: 'getattr'; readonly object: Expr; readonly attr: string })
  | (At & { readonly kind: 'getitem'; readonly object: Expr; readonly index: Expr })
  | (At & {
      readonly kind: 'slice'
      readonly start: Expr | null
      readonly stop: Expr | null
      readonly step: Expr | null
    })
  | (At & { readonly kind: 'concat'; readonly parts: readonly Expr[] })
  | (At & { readonly kind: 'compare'; readonly first: Expr; readonly rest: readonly Comparison[] })
  | (At & { readonly kind: 'binary'; readonly operator: BinaryOperator; readonly left: Expr; readonly right: Expr })
  | (At & { readonly kind: 'and' | 'or'; readonly left: Expr; readonly right: Expr })
  | (At & { readonly kind: 'not' | 'negative' | 'positive'; readonly operand: Expr })

export interface Comparison {
  readonly operator: CompareOperator
  readonly operand: Expr
}
/** Arguments of a call, a filter or a test: positional, named, `*args`, `**kwargs`. */
export interface CallParts {
  readonly args: readonly Expr[]
  readonly kwargs: readonly (readonly [string, Expr])[]
  readonly spread: Expr | null
  readonly kwSpread: Expr | null
}
/** `operand` is null in `{% filter … %}` and `{% set x | … %}`, where the block's text takes its place. */
export type FilterNode = At &
  CallParts & { readonly kind: 'filter'; readonly operand: Expr | null; readonly name: string }

export interface Signature {
  readonly params: readonly string[]
  /** Defaults of the last parameters. */
  readonly defaults: readonly Expr[]
}
export type Stmt =
  | (At & { readonly kind: 'data'; readonly text: string })
  | (At & { readonly kind: 'output'; readonly expr: Expr })
  | ForNode
  | (At & { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: readonly Stmt[] })
  | MacroNode
  | (At &
      Signature & {
        readonly kind: 'callblock'
        readonly call: Expr & { kind: 'call' }
        readonly body: readonly Stmt[]
      })
  | (At & { readonly kind: 'filterblock'; readonly filter: FilterNode; readonly body: readonly Stmt[] })
  | (At & {
      readonly kind: 'with'
      readonly targets: readonly Expr[]
      readonly values: readonly Expr[]
      readonly body: readonly Stmt[]
    })
  | (At & { readonly kind: 'assign'; readonly target: Expr; readonly value: Expr })
  | (At & {
      readonly kind: 'assignblock'
      readonly target: Expr
      readonly filter: FilterNode | null
      readonly body: readonly Stmt[]
    })
  | (At & { readonly kind: 'generation'; readonly body: readonly Stmt[] })
  | (At & { readonly kind: 'break' | 'continue' })

export interface Branch {
  readonly test: Expr
  readonly body: readonly Stmt[]
}
export type ForNode = At & {
  readonly kind: 'for'
  readonly target: Expr
  readonly iter: Expr
  readonly body: readonly Stmt[]
  readonly otherwise: readonly Stmt[]
  readonly test: Expr | null
  readonly recursive: boolean
}
export type MacroNode = At &
  Signature & { readonly kind: 'macro'; readonly name: string; readonly body: readonly Stmt[] }

/**
 * Which of `names` a macro's body reads without having set them (Jinja2's find_undeclared): a macro takes `*varargs`,
 * `**kwargs` or a `caller` exactly where it names them.
 */
export function undeclared(body: readonly Stmt[], names: readonly string[]): ReadonlySet<string> {
  const open = new Set(names)
  const found = new Set<string>()
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) {
      for (const child of node) visit(child)
    } else if (typeof node === 'object' && node !== null) {
      const named = node as { kind?: unknown; name?: unknown; store?: unknown; params?: unknown }
      if (named.kind === 'name' && typeof named.name === 'string') {
        if (named.store !== true && open.has(named.name)) found.add(named.name)
        else open.delete(named.name)
        return
      }
      if (Array.isArray(named.params)) for (const param of named.params) open.delete(String(param))
      for (const child of Object.values(node)) if (typeof child === 'object') visit(child)
    }
  }
  visit(body)
  return found
}
