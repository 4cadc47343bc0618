import { expect, it } from 'vitest'
import { codebook } from '../../src/agreement/codebook/codebook.ts'
import { labelOf } from '../../src/agreement/latex/label.ts'
import { latexTable } from '../../src/agreement/latex/table.ts'
import { markdownTable, type PaperTable } from '../../src/agreement/tables.ts'
import { markdownCode, markdownText } from '../../src/visible-text.ts'

const EVIL = '![x](http://evil/?q)<img src=x>|`a`\u001b[2J\n# head\u202e'

it('text of the data makes no mark-up', () => {
  expect(markdownText(EVIL)).toBe('!\\[x\\](http://evil/?q)\\<img src=x\\>\\|\\`a\\`\\\\u001b\\[2J # head\\\\u202e')
  expect(markdownCode('a_b')).toBe('`a_b`')
  expect(markdownCode('a`|b``')).toBe('``` a`\\|b`` ```')
})

it('nor does a column of the data in codebook.md', () => {
  const lines = codebook({ 'pairs.csv': ['id', EVIL, 'x\n| forged | row |'] }).split('\n')
  const own = lines.filter((line) => line.includes("the data's own"))
  expect(own).toHaveLength(2)
  expect(own[0]).not.toMatch(/[\u001b\u202e]/)
  // a code span: the fence is longer than any run of backticks inside
  expect(own[0]).toMatch(/^\| `` [^\n]*`a`[^\n]* `` \| /)
  expect(lines.filter((line) => line.startsWith('| forged'))).toEqual([])
})

it('nor a name or a subset in a table', () => {
  const table = {
    name: 't',
    caption: EVIL,
    columns: [{ title: EVIL }, { title: 'n' }],
    rows: [
      [
        { kind: 'text', text: EVIL },
        { kind: 'text', text: '1' },
      ],
    ],
    notes: [EVIL],
  } as unknown as PaperTable
  const markdown = markdownTable(table)
  expect(markdown).not.toMatch(/[\u001b\u202e]|(?<!\\)[<[`]/)
  expect(markdown.split('\n').filter((line) => line.startsWith('#'))).toEqual([])
  const latex = latexTable(table, labelOf([EVIL], ''))
  expect(latex).not.toMatch(/[\u001b\u202e]/)
  expect(latex).toContain('[U+202E]')
})
