// The browsers of rows of report.html: each host element .browser names a JSON block (RowTable of row-table.ts) by data-table.

/** @typedef {{key: string, label: string, kind: 'text'|'number'|'choice', words?: string[], values: any[], hidden?: boolean, signed?: boolean}} Column */

/** Why an answer has no picture (Undrawn of drawings.ts). @type {Record<string, string>} */
const UNDRAWN = {
  answer: 'RDKit draws no molecule of this answer.',
  room: 'Not drawn, to keep the page small.',
}

/** Of an answer that the verifier did not see. */
const UNREAD = 'In answer tags, but the whole is not in the format that was asked for: the verifier read no answer.'

/** What the search goes through, by layout. */
const SEARCHED = {
  picks: 'group, prompt, expected answer and picked completions',
  sides: 'row, prompt, expected answer and completions',
  gallery: 'group, prompt, expected answer and completions',
  steps: 'row, prompt, expected answer, steps and candidates',
}

/** A verdict as a mark and a word, so that neither colour nor mark alone says it. @type {Record<string, string>} */
const MARKS = { pass: '✓', fail: '✗', partial: '◐', unverifiable: '?' }
const verdictText = (/** @type {string} */ word, /** @type {string|null} */ reason) =>
  `${MARKS[word] ?? ''} ${word}${reason === null ? '' : ` (${reason})`}`

/** What stands where a choice is empty, as everywhere (NO_SUBSET of subset-name.ts). */
const shownWord = (/** @type {string} */ word) => (word === '' ? '(none)' : word)

/** @type {{texts: any[], drawings: any[]} | null} */
let stock = null
/** Texts and drawings that several browsers show, read once. */
function stockOf(/** @type {any} */ table) {
  if (!table.stocked) return table
  stock ??= JSON.parse(/** @type {HTMLElement} */ (document.getElementById('stock-data')).textContent ?? '')
  return /** @type {{texts: any[], drawings: any[]}} */ (stock)
}

/** One browser: filters, search, sort, pages, details, its state in the address. */
function startBrowser(/** @type {HTMLElement} */ host) {
  const table = JSON.parse(
    /** @type {HTMLElement} */ (document.getElementById(host.dataset.table ?? '')).textContent ?? '',
  )
  const { texts, drawings } = stockOf(table)
  const name = table.name
  const noun = name === 'groups' ? 'groups' : 'rows'
  /** @type {Column[]} */
  const columns = table.columns
  const count = table.details.length
  /** @type {Map<string, Column>} */
  const byKey = new Map(columns.map((column) => [column.key, column]))
  // what is the same in every row is said once, not in a column
  const shown = columns.filter((column) => !column.hidden)
  const constant =
    count < 2
      ? []
      : shown.filter((column) =>
          column.kind === 'choice'
            ? column.words?.length === 1
            : column.kind === 'number' && column.values.every((value) => value === column.values[0]),
        )
  const visible = shown.filter((column) => !constant.includes(column))
  /** @type {{keys: string[], several: Record<string, string[]>}} any two scorers against each other */
  const versus = table.versus ?? { keys: [], several: {} }
  const filterable = columns.filter(
    (column) => column.kind === 'choice' && (column.words ?? []).length > 1 && !versus.keys.includes(column.key),
  )

  // ── state ──
  const fresh = () => ({
    q: '',
    matchCase: false,
    filters: new Map(),
    sort: '',
    descending: false,
    page: 0,
    open: -1,
    answers: true,
  })
  let state = fresh()
  let size = 50
  /** @type {number[]} rows that match, in the order shown */
  let matching = []

  // ── what a row is called in the address: its id and its numbers, without the zeros at the end (rowKey of section.ts) ──
  const idKey = (/** @type {string} */ id) => id.replace(/[%/]/g, encodeURIComponent)
  const rowKeys = Array.from({ length: count }, (_, i) => {
    const parts = table.keyColumns.map((/** @type {string} */ key, /** @type {number} */ k) => {
      const value = byKey.get(key)?.values[i] ?? 0
      return k === 0 ? idKey(value) : value
    })
    while (parts.at(-1) === 0) parts.pop()
    return parts.join('/')
  })
  const rowOf = new Map(rowKeys.map((key, i) => [key, i]))

  // ── order: every column becomes an array of ranks once, absent values last ──
  const collator = new Intl.Collator('en', { numeric: true })
  /** @type {Map<string, ArrayLike<number>>} */
  const rankCache = new Map()
  function ranksOf(/** @type {Column} */ column) {
    const known = rankCache.get(column.key)
    if (known) return known
    /** @type {ArrayLike<number>} */
    let ranks = column.values
    if (column.kind === 'text') {
      const sorted = [...new Set(column.values)].sort(collator.compare)
      const place = new Map(sorted.map((value, i) => [value, i]))
      ranks = column.values.map((value) => /** @type {number} */ (place.get(value)))
    }
    rankCache.set(column.key, ranks)
    return ranks
  }

  // ── search ──
  /** Places of a row's texts. @returns {number[]} */
  const textsOf = (/** @type {any} */ { prompt, expected, completions, steps, rationale, candidates }) =>
    [
      prompt,
      expected?.text ?? null,
      ...completions.map((/** @type {any} */ c) => c.text),
      ...(steps ?? []).map((/** @type {any} */ step) => step.text),
      rationale ?? null,
      ...(candidates ?? []).map((/** @type {any} */ candidate) => candidate.text),
    ].filter((place) => place !== null)
  /** @type {Record<string, string[]>} */
  const haystacks = {}
  const haystack = (/** @type {boolean} */ matchCase) => {
    const kind = matchCase ? 'cased' : 'lower'
    if (haystacks[kind]) return haystacks[kind]
    const found = texts.map((/** @type {any} */ text) => (matchCase ? wholeText(text) : wholeText(text).toLowerCase()))
    const ids = byKey.get('id')?.values ?? []
    haystacks[kind] = table.details.map((/** @type {any} */ detail, /** @type {number} */ i) => {
      const id = matchCase ? ids[i] : ids[i].toLowerCase()
      return [id, ...textsOf(detail).map((place) => found[place])].join('\n')
    })
    return haystacks[kind]
  }

  function select() {
    const wanted = [...state.filters].map(([key, word]) => {
      const column = /** @type {Column} */ (byKey.get(key))
      const words = versus.keys.includes(key) ? (versus.several[word] ?? [word]) : [word]
      return { values: column.values, codes: words.map((one) => (column.words ?? []).indexOf(one)) }
    })
    const needle = state.matchCase ? state.q : state.q.toLowerCase()
    const hay = needle === '' ? null : haystack(state.matchCase)
    matching = []
    for (let i = 0; i < count; i++)
      if (wanted.every(({ values, codes }) => codes.includes(values[i])) && (hay === null || hay[i].includes(needle)))
        matching.push(i)
    const column = byKey.get(state.sort)
    if (!column) return
    const ranks = ranksOf(column)
    const sign = state.descending ? -1 : 1
    matching.sort((a, b) => {
      const x = ranks[a]
      const y = ranks[b]
      if (x === null || y === null) return x === y ? a - b : x === null ? 1 : -1
      return sign * (x - y) || a - b
    })
  }

  // ── page ──
  const search = /** @type {HTMLInputElement} */ (
    element('input', { type: 'search', autocomplete: 'off', spellcheck: 'false' })
  )
  const matchCase = /** @type {HTMLInputElement} */ (element('input', { type: 'checkbox' }))
  const answers = /** @type {HTMLInputElement} */ (element('input', { type: 'checkbox', checked: true }))
  const anyAnswer = table.details.some((/** @type {any} */ detail) => answersText(detail).length > 0)
  const selects = filterable.map((column) => {
    const made = /** @type {HTMLSelectElement} */ (
      element('select', { 'data-key': column.key }, element('option', { value: '' }, 'all'))
    )
    const tally = new Array(column.words?.length ?? 0).fill(0)
    for (const code of column.values) tally[code]++
    for (const [i, word] of (column.words ?? []).entries())
      made.append(element('option', { value: `=${word}` }, `${shownWord(word)} (${tally[i].toLocaleString('en-US')})`))
    return made
  })
  // ── two scorers of the reader's choice, each with what it made of the row ──
  const duel = versus.keys.length === 0 ? [] : [0, 1].map((k) => duelSide(k))
  function duelSide(/** @type {number} */ k) {
    const outcomes = new Set(versus.keys.flatMap((key) => byKey.get(key)?.words ?? []))
    const place = k === 0 ? 'Scorer A' : 'Scorer B'
    const scorer = /** @type {HTMLSelectElement} */ (
      element(
        'select',
        {},
        ...versus.keys.map((key, i) =>
          element(
            'option',
            { value: key, selected: i === Math.min(k, versus.keys.length - 1) },
            byKey.get(key)?.label ?? key,
          ),
        ),
      )
    )
    const word = /** @type {HTMLSelectElement} */ (
      element(
        'select',
        { 'aria-label': `${place} is` },
        element('option', { value: '' }, 'anything'),
        ...[...outcomes, ...Object.keys(versus.several)].map((one) => element('option', { value: one }, one)),
      )
    )
    for (const made of [scorer, word]) made.addEventListener('change', duelFilters)
    return { place, scorer, word }
  }
  function duelFilters() {
    for (const key of versus.keys) state.filters.delete(key)
    for (const { scorer, word } of duel) if (word.value !== '') state.filters.set(scorer.value, word.value)
    state.page = 0
    show()
  }
  const output = /** @type {HTMLOutputElement} */ (element('output', { 'aria-live': 'polite' }))
  const pageText = element('span')
  const printed = element('p', { class: 'print-only note' })
  const button = (
    /** @type {string} */ text,
    /** @type {() => void} */ onclick,
    /** @type {string|null} */ label = null,
  ) =>
    /** @type {HTMLButtonElement} */ (
      element('button', { type: 'button', class: 'plain', 'aria-label': label, onclick }, text)
    )
  const previous = button('‹', () => turn(-1), 'Previous page')
  const next = button('›', () => turn(1), 'Next page')
  const sizes = /** @type {HTMLSelectElement} */ (
    element(
      'select',
      { 'aria-label': 'Rows a page' },
      ...[25, 50, 100, 200].map((n) => element('option', { value: n, selected: n === size }, `${n} a page`)),
    )
  )
  const head = element('tr')
  const body = element('tbody')
  const heads = visible.map((column) => {
    const cell = element(
      'th',
      { scope: 'col', class: column.kind === 'number' ? 'num' : null },
      element('button', { type: 'button', onclick: () => sortBy(column.key) }, column.label),
    )
    head.append(cell)
    return cell
  })

  function rowElement(/** @type {number} */ i) {
    const opened = state.open === i
    const made = element('tr', { class: opened ? 'row opened' : 'row', 'data-row': i })
    visible.forEach((column, k) => {
      if (k === 0) {
        const opener = element(
          'button',
          { type: 'button', class: 'open', 'aria-expanded': String(opened), title: column.values[i] },
          column.values[i],
        )
        made.append(element('th', { scope: 'row' }, opener))
      } else if (column.kind === 'number') {
        const value = column.values[i]
        if (column.signed && value !== null) {
          const [mark, style] = value > 0 ? ['✓', ''] : value < 0 ? ['✗', ' w-loss'] : ['=', ' w-tie']
          made.append(element('td', { class: `num${style}` }, `${mark} ${numberText(value)}`))
        } else made.append(element('td', { class: 'num' }, numberText(value)))
      } else {
        const word = column.kind === 'choice' ? shownWord((column.words ?? [])[column.values[i]]) : column.values[i]
        const style = /^[a-z]+$/.test(word) ? `cut w-${word}` : 'cut'
        made.append(element('td', { class: style, title: word }, word))
      }
    })
    return made
  }

  /** The line under a row; none where there is nothing to say. */
  function answersElement(/** @type {number} */ i) {
    const said = answersText(table.details[i])
    return said.length === 0
      ? []
      : [
          element(
            'tr',
            { class: 'answers' },
            element('td', { colspan: visible.length }, element('div', { class: 'said' }, ...said)),
          ),
        ]
  }

  function fact(
    /** @type {string} */ term,
    /** @type {string|null} */ value,
    /** @type {string} */ style = '',
    /** @type {string|null} */ title = null,
  ) {
    if (value === null) return null
    return element('div', { title }, element('dt', {}, term), element('dd', { class: style, title }, value))
  }

  function marked(/** @type {any} */ text, /** @type {{head: number, tail: number}|null} */ same) {
    const made = element('pre', { tabindex: '0' })
    if (typeof text !== 'string')
      made.append(
        text[0],
        element('em', { class: 'gap' }, `\n… ${text[1].toLocaleString('en-US')} characters left out of this page …\n`),
        text[2],
      )
    else if (same === null) made.append(text)
    else {
      const end = text.length - same.tail
      made.append(
        text.slice(0, same.head),
        end > same.head ? element('mark', {}, text.slice(same.head, end)) : '',
        text.slice(end),
      )
    }
    return made
  }

  function completionCard(/** @type {any} */ c, /** @type {{head: number, tail: number}|null} */ same) {
    const tokens =
      c.completionTokens === null
        ? null
        : c.promptTokens === null
          ? String(c.completionTokens)
          : `${c.promptTokens} + ${c.completionTokens}`
    const verdict = c.status + (c.reason === null ? '' : ` (${c.reason})`)
    return element(
      'div',
      {},
      element('h3', {}, c.title),
      element(
        'dl',
        {},
        'score' in c ? scoreFact(c) : null,
        fact('verifier', verdict, /^[a-z]+$/.test(c.status) ? `w-${c.status}` : ''),
        fact('reward', c.reward === null ? null : String(c.reward)),
        fact('format', c.format === null ? null : String(c.format)),
        fact('tokens', tokens),
      ),
      molecule(c),
      c.text === null ? null : marked(texts[c.text], same),
    )
  }

  const scoreFact = (/** @type {any} */ c) =>
    fact('score', c.score === null ? `– (${c.scoreReason ?? 'not scored'})` : String(c.score))

  /** An answer, its molecule and the picture of that. */
  function molecule(/** @type {any} */ c) {
    if (c.answer === null) return null
    return element(
      'figure',
      { class: 'molecule' },
      drawn(c, c.whole ?? c.answer),
      c.whole === null
        ? element('figcaption', {}, c.answer)
        : element(
            'figcaption',
            {},
            element('div', {}, element('span', {}, 'completed: '), ...completed(c)),
            element('div', {}, element('span', {}, 'answer: '), c.answer),
          ),
      c.undrawn === null ? null : element('p', {}, UNDRAWN[c.undrawn]),
      c.read ? null : element('p', {}, UNREAD),
    )
  }

  /** A completed molecule: what was given, and the answer in bold. */
  function completed(/** @type {any} */ { answer, whole }) {
    return whole.endsWith(answer) ? [whole.slice(0, whole.length - answer.length), element('b', {}, answer)] : [whole] // too long to be shown whole
  }

  function drawn(/** @type {any} */ { drawing }, /** @type {string} */ smiles) {
    if (drawing === null) return null
    const marked = drawings[drawing].wash.length > 0 ? ', atoms that differ are marked' : ''
    return picture(drawings[drawing], `Molecule ${smiles}${marked}`)
  }

  /** What makes an answer right, beside the answers. */
  function expectedCard(/** @type {any} */ detail, /** @type {string} */ tag = 'div') {
    const expected = detail.expected
    if (expected === undefined) return null
    const text = wholeText(texts[expected.text])
    return element(
      tag,
      { class: tag === 'li' ? 'card expected' : 'expected' },
      element('h3', {}, 'Expected'),
      element('p', {}, `${wholeText(texts[expected.rule])}${text === '' ? '' : ':'}`),
      element(
        'figure',
        { class: 'molecule' },
        drawn(expected, text),
        element('figcaption', {}, text),
        expected.undrawn === null ? null : element('p', {}, UNDRAWN[expected.undrawn]),
      ),
    )
  }

  /** What stands under a row of the table: what is expected, and what was answered. */
  function answersText(/** @type {any} */ { expected, completions }) {
    const few = table.layout === 'sides' ? completions : []
    const said = [
      expected === undefined ? null : ['expected', wholeText(texts[expected.text])],
      ...few.map((/** @type {any} */ c) =>
        c.answer === null ? null : [c.title.toLowerCase(), c.whole === null ? [c.answer] : completed(c)],
      ),
    ].filter((part) => part !== null)
    return said.flatMap(([word, parts]) => [
      element('span', {}, element('i', {}, `${word} `), ...(typeof parts === 'string' ? [clipped(parts)] : parts)),
      ' ',
    ])
  }

  function sides(/** @type {any} */ detail) {
    const both = detail.completions.map((/** @type {any} */ c) => (c.text === null ? null : texts[c.text]))
    const comparable = both.length === 2 && both.every((/** @type {any} */ text) => typeof text === 'string')
    const same = comparable ? shared(both[0], both[1]) : null
    // where little is shared the marks would cover the whole texts
    const useful = same !== null && same.head + same.tail > 0.4 * Math.min(both[0].length, both[1].length) ? same : null
    const cards = element(
      'div',
      { class: detail.expected === undefined ? 'sides' : 'sides with-expected' },
      expectedCard(detail),
      ...detail.completions.map((/** @type {any} */ c) => completionCard(c, useful)),
    )
    return detail.numbers === undefined ? cards : element('div', {}, cards, numbers(detail.numbers))
  }

  /** A group: its completions from the highest score down, who chooses which in words; the texts fold out. */
  function gallery(/** @type {any} */ detail) {
    const few = detail.completions.length <= 3
    const cards = detail.completions.map((/** @type {any} */ c) => {
      const { rank, marks, advantages, votes } = c.ranked
      const [byText, byMolecule] = votes
      const voted =
        byMolecule === null && byText === null
          ? 'none, so no vote'
          : `${byMolecule ?? '–'} molecule, ${byText ?? '–'} text`
      return element(
        'li',
        { class: marks.length > 0 ? 'card picked' : 'card' },
        element('h3', {}, `${rank === null ? 'No rank' : `Rank ${rank}`} · ${c.title.toLowerCase()}`),
        marks.length === 0 ? null : element('p', { class: 'marks' }, `★ ${marks.join(' · ')}`),
        element(
          'dl',
          {},
          fact('verifier', verdictText(c.status, c.reason), `w-${c.status}`),
          c.score === null ? scoreFact(c) : fact('score', numberText(c.score), '', String(c.score)),
          fact('reward', c.reward === null ? null : numberText(c.reward)),
          ...['verifier', 'learned'].map((by, k) =>
            fact(
              `A, ${by}`,
              advantages === null ? null : numberText(advantages[k]),
              '',
              `advantage by the ${by === 'learned' ? 'learned score' : by}`,
            ),
          ),
          fact('same answer', voted),
        ),
        molecule(c),
        element('details', { open: few }, element('summary', {}, 'Text'), marked(texts[c.text], null)),
      )
    })
    const more =
      detail.more > 0
        ? element(
            'p',
            { class: 'note' },
            `${detail.more.toLocaleString('en-US')} more completions have lower scores, or none; scores.csv has all.`,
          )
        : null
    return element('div', {}, element('ol', { class: 'gallery' }, expectedCard(detail, 'li'), ...cards), more)
  }

  /** Steps with their claims, the candidates for the next one, and the numbers by which it is chosen. */
  function stepsView(/** @type {any} */ detail) {
    const item = (/** @type {any} */ step) =>
      element(
        'li',
        {},
        element('div', { class: 'step' }, marked(texts[step.text], null)),
        element(
          'p',
          { class: 'marks' },
          ...[
            step.verdict === null
              ? null
              : element('span', { class: `w-${step.verdict}` }, `claims: ${verdictText(step.verdict, null)}`),
            ...(step.notes ?? []).map((/** @type {string} */ note) => element('span', {}, note)),
          ],
        ),
        claims(step.claims),
      )
    const list = (/** @type {string} */ title, /** @type {any[]} */ items) =>
      items.length === 0
        ? [element('p', { class: 'note' }, `${title}: none.`)]
        : [element('h3', {}, title), element('ol', { class: 'steps', start: '0' }, ...items.map(item))]
    return element(
      'div',
      {},
      expectedCard(detail),
      ...(detail.rationale === null ? [] : [element('h3', {}, 'Rationale'), marked(texts[detail.rationale], null)]),
      ...list(detail.candidates.length === 0 ? 'Steps' : 'Steps so far', detail.steps),
      ...(detail.candidates.length === 0 ? [] : list('Candidates for the next step', detail.candidates)),
      numbers(detail.numbers),
    )
  }

  function claims(/** @type {any[]} */ found) {
    if (found.length === 0) return null
    return element(
      'ul',
      { class: 'claims' },
      ...found.map((claim) =>
        element(
          'li',
          {},
          element('span', { class: `w-${claim.outcome}` }, verdictText(claim.outcome, null)),
          ` ${claim.kind.replaceAll('_', ' ')}: `,
          element('q', {}, claim.text),
          claim.computed === null ? '' : `; computed: ${claim.computed}`,
          claim.reason === null ? '' : `; ${claim.reason}`,
        ),
      ),
    )
  }

  function numbers(/** @type {any} */ { caption, header, rows }) {
    if (rows.length === 0) return null
    return element(
      'div',
      { class: 'scroll' },
      element(
        'table',
        {},
        element('caption', {}, caption),
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            ...header.map((/** @type {string} */ cell, /** @type {number} */ k) =>
              element('th', { scope: 'col', class: k > 1 ? 'num' : null }, cell),
            ),
          ),
        ),
        element(
          'tbody',
          {},
          ...rows.map((/** @type {any[]} */ row) =>
            element(
              'tr',
              {},
              ...row.map((cell, k) =>
                element('td', { class: k > 1 ? 'num' : null }, typeof cell === 'string' ? cell : numberText(cell)),
              ),
            ),
          ),
        ),
      ),
    )
  }

  const VIEWS = { sides, picks: sides, gallery, steps: stepsView }

  function detailElement(/** @type {number} */ i) {
    const detail = table.details[i]
    const link = element('a', { href: `#${name}?${new URLSearchParams({ open: rowKeys[i] })}` }, 'Link to this row')
    const pane = element(
      'div',
      { class: 'pane' },
      detail.prompt === null ? null : element('h3', {}, 'Prompt'),
      detail.prompt === null ? null : marked(texts[detail.prompt], null),
      VIEWS[/** @type {keyof VIEWS} */ (table.layout)](detail),
      element('p', {}, link),
    )
    return element('tr', { class: 'detail' }, element('td', { colspan: visible.length }, pane))
  }

  function paint() {
    const pages = Math.max(1, Math.ceil(matching.length / size))
    state.page = Math.min(state.page, pages - 1)
    const shown = matching.slice(state.page * size, (state.page + 1) * size)
    body.replaceChildren(
      ...shown.flatMap((i) => [
        rowElement(i),
        ...(i === state.open ? [detailElement(i)] : state.answers ? answersElement(i) : []),
      ]),
    )
    output.textContent =
      matching.length === count
        ? `${count.toLocaleString('en-US')} ${noun}`
        : `${matching.length.toLocaleString('en-US')} of ${count.toLocaleString('en-US')} ${noun}`
    printed.textContent = printedText(shown.length)
    pageText.textContent = `page ${state.page + 1} of ${pages}`
    previous.disabled = state.page === 0
    next.disabled = state.page >= pages - 1
    visible.forEach((column, k) => {
      const order = state.sort !== column.key ? 'none' : state.descending ? 'descending' : 'ascending'
      heads[k].setAttribute('aria-sort', order)
    })
  }

  /** What of the table is on paper, as it stands on the screen. */
  function printedText(/** @type {number} */ shown) {
    const first = state.page * size + 1
    const chosen = [
      ...[...state.filters].map(([key, word]) => `${byKey.get(key)?.label} = ${shownWord(word)}`),
      ...(state.q === '' ? [] : [`search “${state.q}”`]),
    ]
    const all = `${matching.length.toLocaleString('en-US')} ${noun}${chosen.length === 0 ? '' : ` (${chosen.join(', ')})`}`
    const sorted =
      state.sort === '' ? '' : `, sorted by ${byKey.get(state.sort)?.label}${state.descending ? ', downwards' : ''}`
    const some =
      shown === 0 ? 'none' : `${first.toLocaleString('en-US')} to ${(first + shown - 1).toLocaleString('en-US')}`
    const opened =
      state.open >= 0 && matching.includes(state.open) ? 'Of the opened row all is printed' : 'No row is opened'
    return `On paper: ${some} of ${all}${sorted}. ${opened}; of the others, prompts, texts and drawings are not. Choose more rows a page, or open another row, before you print.`
  }

  function address() {
    const parts = new URLSearchParams()
    if (state.q !== '') parts.set('q', state.q)
    if (state.matchCase) parts.set('case', '1')
    if (!state.answers) parts.set('answers', '0')
    for (const [key, word] of state.filters) parts.set(key, word)
    if (state.sort !== '') parts.set('sort', state.sort)
    if (state.descending) parts.set('order', 'desc')
    if (state.page > 0) parts.set('page', String(state.page + 1))
    if (state.open >= 0) parts.set('open', rowKeys[state.open])
    const text = parts.toString()
    history.replaceState(null, '', text === '' ? `#${name}` : `#${name}?${text}`)
  }

  function show() {
    select()
    paint()
    address()
  }
  function turn(/** @type {number} */ by) {
    state.page = Math.max(0, state.page + by)
    paint()
    address()
  }
  function sortBy(/** @type {string} */ key) {
    if (state.sort !== key) Object.assign(state, { sort: key, descending: false })
    else if (!state.descending) state.descending = true
    else Object.assign(state, { sort: '', descending: false })
    state.page = 0
    show()
  }
  function openers() {
    return /** @type {HTMLElement[]} */ ([...body.querySelectorAll('.open')])
  }
  function toggle(/** @type {number} */ i) {
    state.open = state.open === i ? -1 : i
    paint()
    nameScrollers() // an opened row may have frames of its own
    address()
    focusRow(i)
  }
  function focusRow(/** @type {number} */ i) {
    const row = body.querySelector(`[data-row="${i}"] .open`)
    if (row instanceof HTMLElement) row.focus({ preventScroll: true })
  }

  /** Takes the state from the address; true if the address speaks of this browser. */
  function follow() {
    const [target, query = ''] = location.hash.slice(1).split(/\?(.*)/s)
    if (target !== name || query === '') return false
    const parts = new URLSearchParams(query)
    state = fresh()
    state.q = parts.get('q') ?? ''
    state.matchCase = parts.get('case') === '1'
    state.answers = parts.get('answers') !== '0'
    for (const column of filterable) {
      const word = parts.get(column.key)
      if (word !== null && (column.words ?? []).includes(word)) state.filters.set(column.key, word)
    }
    // a filter on a column with one word only, or on a word that no row has, still filters: to nothing
    for (const [key, word] of parts) {
      const column = byKey.get(key)
      if (column?.kind === 'choice' && (versus.keys.includes(key) || !(column.words ?? []).includes(word)))
        state.filters.set(key, word)
    }
    if (byKey.has(parts.get('sort') ?? '')) state.sort = parts.get('sort') ?? ''
    state.descending = parts.get('order') === 'desc'
    const open = parts.get('open') ?? ''
    state.open = rowOf.get(open) ?? rowOf.get(idKey(open)) ?? -1 // an id as it stands will do, too
    select()
    const place = matching.indexOf(state.open)
    state.page =
      place >= 0 ? Math.floor(place / size) : Math.max(0, Number.parseInt(parts.get('page') ?? '1', 10) - 1 || 0)
    fillToolbar()
    paint()
    nameScrollers()
    if (state.open >= 0 && place >= 0) {
      body.querySelector(`[data-row="${state.open}"]`)?.scrollIntoView()
      focusRow(state.open)
    } else host.scrollIntoView()
    if (state.open < 0 && parts.has('open')) output.textContent += ': the row of this address is not among them'
    return true
  }

  function fillToolbar() {
    search.value = state.q
    matchCase.checked = state.matchCase
    answers.checked = state.answers
    for (const made of selects) {
      const word = state.filters.get(made.dataset.key)
      made.value = word === undefined ? '' : `=${word}`
    }
    const set = versus.keys.filter((key) => state.filters.has(key))
    for (const [k, side] of duel.entries()) {
      const key = set[k]
      side.scorer.value = key ?? side.scorer.value
      side.word.value = key === undefined ? '' : state.filters.get(key)
    }
  }

  function download() {
    // a group has as many completions as it has: they are in scores.csv
    const sideBySide = table.layout === 'sides'
    const roles = sideBySide
      ? table.details[0].completions.map((/** @type {any} */ c) => c.title.toLowerCase().split(' ')[0])
      : []
    const fields = [
      'prompt',
      'expected_rule',
      'expected',
      ...roles.flatMap((/** @type {string} */ role) => [role, `${role}_answer`, `${role}_molecule`]),
    ]
    const lines = [[...columns.map((column) => column.key), ...fields]]
    for (const i of matching) {
      const detail = table.details[i]
      const cells = columns.map((column) =>
        column.kind === 'choice' ? (column.words ?? [])[column.values[i]] : column.values[i],
      )
      const textAt = (/** @type {number|null|undefined} */ place) => (place == null ? null : wholeText(texts[place]))
      const own = sideBySide
        ? detail.completions.flatMap((/** @type {any} */ c) => [textAt(c.text), c.answer, c.whole])
        : []
      lines.push([
        ...cells,
        textAt(detail.prompt),
        textAt(detail.expected?.rule),
        textAt(detail.expected?.text),
        ...own,
      ])
    }
    const text = lines.map((line) => `${line.map(csvCell).join(',')}\n`).join('')
    const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }))
    element('a', { href: url, download: `${name}-shown.csv` }).click()
    setTimeout(() => URL.revokeObjectURL(url), 10_000)
  }

  // ── events ──
  let timer = 0
  search.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      state.q = search.value
      state.page = 0
      show()
    }, 120)
  })
  matchCase.addEventListener('change', () => {
    state.matchCase = matchCase.checked
    state.page = 0
    show()
  })
  answers.addEventListener('change', () => {
    state.answers = answers.checked
    paint()
    address()
  })
  for (const made of selects)
    made.addEventListener('change', () => {
      const key = made.dataset.key ?? ''
      if (made.value === '') state.filters.delete(key)
      else state.filters.set(key, made.value.slice(1))
      state.page = 0
      show()
    })
  sizes.addEventListener('change', () => {
    state.page = Math.floor((state.page * size) / Number(sizes.value))
    size = Number(sizes.value)
    paint()
  })
  body.addEventListener('click', (event) => {
    const target = /** @type {HTMLElement} */ (event.target)
    const row = target.closest('tr.row')
    if (row instanceof HTMLElement && !(getSelection()?.toString() && !target.closest('.open')))
      toggle(Number(row.dataset.row))
  })
  host.addEventListener('keydown', (event) => {
    const rows = openers()
    const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement))
    if (event.key === 'Escape' && state.open >= 0) toggle(state.open)
    else if (at < 0) return
    else if (event.key === 'ArrowDown' || event.key === 'j') rows[Math.min(at + 1, rows.length - 1)]?.focus()
    else if (event.key === 'ArrowUp' || event.key === 'k') rows[Math.max(at - 1, 0)]?.focus()
    else if (event.key === 'Home') rows[0]?.focus()
    else if (event.key === 'End') rows.at(-1)?.focus()
    else if (event.key === 'PageDown' || event.key === 'PageUp') {
      turn(event.key === 'PageDown' && !next.disabled ? 1 : event.key === 'PageUp' ? -1 : 0)
      openers()[0]?.focus()
    } else return
    event.preventDefault()
  })
  addEventListener('hashchange', follow)

  host.append(
    element(
      'div',
      { class: 'toolbar', role: 'search', 'aria-label': `Which ${name} are shown` },
      element('label', {}, `Search in ${SEARCHED[/** @type {keyof SEARCHED} */ (table.layout)]}`, search),
      element('label', { class: 'check' }, matchCase, 'match case'),
      anyAnswer ? element('label', { class: 'check' }, answers, 'answers under the rows') : null,
      duel.length === 0
        ? ''
        : element(
            'div',
            { class: 'duels' },
            ...duel.map(({ place, scorer, word }) =>
              element('span', { class: 'duel' }, element('label', {}, place, scorer), 'is', word),
            ),
          ),
      ...selects.map((made, k) => element('label', {}, filterable[k].label, made)),
      button('Reset', () => {
        state = fresh()
        fillToolbar()
        show()
      }),
    ),
    element(
      'div',
      { class: 'status' },
      output,
      element('span', { class: 'pager' }, previous, pageText, next, sizes, button('CSV of these rows', download)),
    ),
    printed,
    constant.length === 0
      ? ''
      : element(
          'p',
          { class: 'note' },
          `The same in every row: ${constant.map((c) => `${c.label} ${c.kind === 'number' ? numberText(c.values[0]) : shownWord(c.words?.[0] ?? '')}`).join(', ')}.`,
        ),
    element(
      'div',
      { class: 'scroll' },
      element('table', { class: 'rows', 'aria-label': `Rows: ${name}` }, element('thead', {}, head), body),
    ),
  )
  if (!follow()) {
    select()
    paint()
  }
}

document.addEventListener('keydown', (event) => {
  const target = /** @type {HTMLElement} */ (event.target)
  if (event.key !== '/' || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return
  const search = document.querySelector('.browser input[type=search]')
  if (!(search instanceof HTMLElement)) return
  event.preventDefault()
  search.focus()
})
for (const host of document.querySelectorAll('.browser')) if (host instanceof HTMLElement) startBrowser(host)
