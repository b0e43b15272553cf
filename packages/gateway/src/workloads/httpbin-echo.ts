import type { HeaderLines } from '@twinlatch/wire'
import type { WorkloadRequest } from './workload.ts'

/** What httpbin says of every request. */
interface DescribedRequest {
  readonly args: Record<string, string | string[]>
  readonly headers: Record<string, string>
  readonly origin: string
  readonly url: string
}

/** What httpbin says of a body. */
interface DescribedBody {
  readonly data: string
  readonly files: Record<string, never>
  readonly form: Record<string, string | string[]>
  readonly json: unknown
}

/** Enough for any test of a header or a body, and too little to fill memory with. */
const bodyBytesMax = 1_048_576

/** Header names in title case, repeated lines joined with `,`, sorted by name as httpbin does. */
export function titleCaseHeaders(headers: HeaderLines): Record<string, string> {
  const joined = new Map<string, string>()
  for (const [name, value] of headers) {
    const title = titleCase(name)
    const before = joined.get(title)
    joined.set(title, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries([...joined].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Query, headers, client address and URL of a request, in httpbin's shape. */
export function describeRequest(request: WorkloadRequest): DescribedRequest {
  const { path, headers } = request
  const question = path.indexOf('?')
  const one = (name: string) => headers.find((line) => line[0].toLowerCase() === name)?.[1]
  return {
    args: valuesByName(question < 0 ? '' : path.slice(question + 1)),
    headers: titleCaseHeaders(headers),
    origin: one('x-forwarded-for') ?? '',
    url: `${one('x-forwarded-proto') ?? 'http'}://${one('host') ?? ''}${path}`,
  }
}

/** The body in httpbin's shape, or `null` when it is larger than the echo reads. */
export async function readEchoBody(request: WorkloadRequest): Promise<DescribedBody | null> {
  const chunks: Buffer[] = []
  let size = 0
  const { body } = request
  for await (const chunk of body instanceof Uint8Array ? [body] : (body ?? [])) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > bodyBytesMax) return null
    chunks.push(bytes)
  }
  const bytes = Buffer.concat(chunks)
  const type = request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(type)
  const data = textOf(bytes)
  return {
    data: isForm ? '' : data,
    files: {},
    form: isForm ? valuesByName(data) : {},
    json: parseJson(data),
  }
}

function titleCase(name: string): string {
  return name.toLowerCase().replace(/(^|-)([a-z])/g, (match) => match.toUpperCase())
}

// Objects with a null prototype: names come from the caller, `__proto__` among them.
function valuesByName(query: string): Record<string, string | string[]> {
  const values: Record<string, string | string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(query)) {
    const before = values[name]
    values[name] =
      before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value]
  }
  return values
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // httpbin's form for what is not text.
    return `data:application/octet-stream;base64,${bytes.toString('base64')}`
  }
}

function parseJson(text: string): unknown {
  if (text === '') return null
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is what httpbin calls `"json": null`.
    return null
  }
}
