import { NetworkError, UsageError } from '../errors.ts'
import { type Patience, patientFetch } from './request.ts'

/** One file of a Python package index. */
export interface Wheel {
  readonly filename: string
  readonly url: string
  readonly sha256: string
  readonly sizeBytes: number
}

/**
 * Finds the wheel whose name matches, over the Simple API that every index and mirror speaks (PEP 503 as HTML, PEP 691 as
 * JSON); of several, the first by name. Its size comes from the listing or a HEAD request.
 * @param index e.g. https://pypi.org/simple
 */
export async function findWheel(index: string, name: string, matches: RegExp, patience: Patience): Promise<Wheel> {
  const page = `${checkedIndex(index)}/${name}/`
  const refusal = async (response: Response): Promise<NetworkError> =>
    new NetworkError(
      response.status === 404 ? `the index has no package ${name}` : `the index answered ${response.status}`,
      page,
      'Choose another index with --index-url or PIP_INDEX_URL.',
    )
  const response = await patientFetch(
    page,
    { headers: { accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.2' } },
    patience,
    refusal,
  )
  const text = await response.text()
  const listed = /json/.test(response.headers.get('content-type') ?? '') ? fromJson(text, page) : fromHtml(text)
  const found = listed
    .filter(({ filename }) => matches.test(filename))
    .sort((a, b) => (a.filename < b.filename ? -1 : 1))[0]
  if (found === undefined)
    throw new NetworkError(`none of the ${listed.length} files of ${name} matches ${matches.source}`, page)
  // An unhashed file cannot be told from a damaged or exchanged one.
  if (!/^[0-9a-f]{64}$/.test(found.sha256))
    throw new NetworkError(`the index gives no SHA-256 for ${found.filename}`, page)
  const url = new URL(found.href, response.url)
  if (url.protocol !== 'https:' && url.origin !== new URL(page).origin)
    throw new NetworkError(`${found.filename} is offered over ${url.protocol}`, page)
  url.hash = ''
  return {
    filename: found.filename,
    url: url.href,
    sha256: found.sha256,
    sizeBytes: found.sizeBytes ?? (await sizeOf(url.href, patience, refusal)),
  }
}

interface Listed {
  readonly filename: string
  readonly href: string
  readonly sha256: string
  readonly sizeBytes: number | null
}

function fromJson(text: string, page: string): Listed[] {
  try {
    const { files } = JSON.parse(text) as {
      files: { filename: string; url: string; hashes?: { sha256?: string }; size?: number }[]
    }
    return files.map(({ filename, url, hashes, size }) => ({
      filename,
      href: url,
      sha256: hashes?.sha256 ?? '',
      sizeBytes: Number.isSafeInteger(size) ? size! : null,
    }))
  } catch (cause) {
    throw new NetworkError('the index gave a page that cannot be read', page, null, { cause })
  }
}

/** PEP 503: anchors whose text is the file name and whose href ends in #sha256=<hex>. */
const fromHtml = (text: string): Listed[] =>
  [...text.matchAll(/<a\b[^>]*?href="([^"]*)"[^>]*>\s*([^<]+?)\s*<\/a>/gi)].map(([, href, filename]) => ({
    filename: filename!,
    href: href!.replaceAll('&amp;', '&'),
    sha256: /#sha256=([0-9a-f]{64})/.exec(href!)?.[1] ?? '',
    sizeBytes: null,
  }))

async function sizeOf(
  url: string,
  patience: Patience,
  refusal: (r: Response) => Promise<NetworkError>,
): Promise<number> {
  const response = await patientFetch(
    url,
    { method: 'HEAD', headers: { 'accept-encoding': 'identity' } },
    patience,
    refusal,
  )
  const size = Number(response.headers.get('content-length') ?? Number.NaN)
  if (!Number.isSafeInteger(size)) throw new NetworkError('the server does not say how long the file is', url)
  return size
}

function checkedIndex(index: string): string {
  const url = URL.canParse(index) ? new URL(index) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '')
    throw new UsageError(
      `"${index.replace(/\/\/[^@/]*@/, '//…@')}" is not an http(s) address without a password`,
      '--index-url',
      'For example https://pypi.org/simple',
    )
  return index.replace(/\/+$/, '')
}
