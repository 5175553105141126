// A client for AWS's query and REST protocols, small enough to be read in one go. It shares nothing with the product on
// purpose: what checks a program must not trust the program's own parts.
import { createHash, createHmac } from 'node:crypto'

export interface Credentials {
  key: string
  secret: string
}

export type Xml = string | { readonly [name: string]: Xml | readonly Xml[] }

export interface Aws {
  readonly endpoint: string
  readonly region: string
  /** A call of the query protocol; lists become `Name.member.1` (EC2: `Name.1`). Rejects with AWS's code and message. */
  query(service: QueryService, action: string, params?: Params): Promise<Xml>
  /** A call of a REST service such as EKS; the body is JSON. */
  rest(service: string, method: string, path: string, body?: unknown): Promise<unknown>
  /** The emulator's own paths below /_emulator/ and moto's below /moto-api/. Undefined where the endpoint has none. */
  emulator(method: string, path: string, body?: unknown): Promise<unknown>
}

export type Params = { readonly [name: string]: unknown }
type QueryService = keyof typeof versions

const versions = { autoscaling: '2011-01-01', ec2: '2016-11-15', iam: '2010-05-08', sts: '2011-06-15' } as const

// The emulator keeps calls with this word in their user agent out of its record and its faults: the ground's own calls
// must not be counted as the product's.
const userAgent = 'e2e-ground node-follower'

export function connectAws(endpoint: string, region: string, credentials: Credentials): Aws {
  async function send(service: string, method: string, path: string, body: string, type: string): Promise<string> {
    const url = new URL(path, endpoint)
    const headers = { 'content-type': type, host: url.host, 'x-amz-date': amzDate(new Date()) }
    const authorization = sign(service, region, credentials, method, url, headers, body)
    const { host: _, ...sent } = headers
    const response = await fetch(url, {
      method,
      headers: { ...sent, authorization, 'user-agent': userAgent },
      body: method === 'GET' ? undefined : body
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${service} ${path} answered ${response.status}: ${errorOf(text)}`)
    return text
  }
  return {
    endpoint,
    region,
    async query(service, action, params = {}) {
      const form = new URLSearchParams({ Action: action, Version: versions[service] })
      for (const [name, value] of flatten(params, service === 'ec2')) form.append(name, value)
      return parseXml(
        await send(service, 'POST', '/', form.toString(), 'application/x-www-form-urlencoded; charset=utf-8')
      )
    },
    async rest(service, method, path, body) {
      const text = await send(service, method, path, body === undefined ? '' : JSON.stringify(body), 'application/json')
      return text === '' ? undefined : JSON.parse(text)
    },
    async emulator(method, path, body) {
      const raw = typeof body === 'string'
      const response = await fetch(new URL(path, endpoint), {
        method,
        headers: body === undefined ? {} : { 'content-type': raw ? 'text/plain' : 'application/json' },
        body: body === undefined ? undefined : raw ? body : JSON.stringify(body)
      })
      const text = await response.text()
      if (!response.ok) return undefined
      return text === '' ? {} : JSON.parse(text)
    }
  }
}

/** The list below `name`, whatever AWS calls its items; an absent or empty one is empty. */
export function list(from: Xml | undefined, ...path: readonly string[]): readonly Xml[] {
  const found = path.reduce<Xml | readonly Xml[] | undefined>((at, name) => child(at, name), from)
  if (found === undefined || typeof found === 'string' || Array.isArray(found)) return []
  const items = child(found, 'member') ?? child(found, 'item')
  return items === undefined ? [] : Array.isArray(items) ? (items as readonly Xml[]) : [items as Xml]
}

/** The text at that path; empty where there is none. */
export function text(from: Xml | undefined, ...path: readonly string[]): string {
  const found = path.reduce<Xml | readonly Xml[] | undefined>((at, name) => child(at, name), from)
  return typeof found === 'string' ? found : ''
}

function child(of: Xml | readonly Xml[] | undefined, name: string): Xml | readonly Xml[] | undefined {
  if (of === undefined || typeof of === 'string' || Array.isArray(of)) return undefined
  return (of as { readonly [name: string]: Xml | readonly Xml[] })[name]
}

function flatten(value: unknown, ec2: boolean, prefix = ''): [string, string][] {
  if (value === undefined) return []
  if (Array.isArray(value)) {
    const base = ec2 ? prefix : `${prefix}.member`
    return value.flatMap((item, index) => flatten(item, ec2, `${base}.${index + 1}`))
  }
  if (typeof value === 'object' && value !== null) {
    const dot = prefix === '' ? '' : `${prefix}.`
    return Object.entries(value).flatMap(([name, inner]) => flatten(inner, ec2, `${dot}${name}`))
  }
  return [[prefix, String(value)]]
}

function amzDate(at: Date): string {
  return `${at.toISOString().replace(/[-:]|\.\d{3}/g, '')}`
}

function sign(
  service: string,
  region: string,
  credentials: Credentials,
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string
): string {
  const names = Object.keys(headers).sort()
  const query = [...url.searchParams].map(([k, v]) => `${encodeURIComponent(k)}=${encodeURIComponent(v)}`).sort()
  const head = names.map((name) => `${name}:${headers[name]}\n`).join('')
  const request = [method, url.pathname, query.join('&'), head, names.join(';'), hash(body)].join('\n')
  const date = headers['x-amz-date'] ?? ''
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', date, scope, hash(request)].join('\n')
  const key = [date.slice(0, 8), region, service, 'aws4_request'].reduce<Buffer | string>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${credentials.secret}`
  )
  const signature = createHmac('sha256', key).update(toSign).digest('hex')
  return `AWS4-HMAC-SHA256 Credential=${credentials.key}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
}

function hash(of: string): string {
  return createHash('sha256').update(of).digest('hex')
}

function errorOf(body: string): string {
  const code = /<Code>([^<]*)</.exec(body)?.[1]
  const message = /<Message>([^<]*)</.exec(body)?.[1]
  return code ? `${code}: ${message}` : body.slice(0, 300)
}

/** Elements only, as AWS answers: no attributes, no mixed content. */
function parseXml(source: string): Xml {
  const stack: { name: string; children: Record<string, Xml | Xml[]>; text: string; parent: boolean }[] = [
    { name: '', children: {}, text: '', parent: false }
  ]
  for (const [, closing, name, , selfClosing, words] of source.matchAll(
    /<(\/?)([A-Za-z][\w:.-]*)((?:\s[^>]*?)?)(\/?)>|([^<]+)|<[?!][^>]*>/g
  )) {
    const top = stack.at(-1)
    if (!top) break
    if (words !== undefined) top.text += words
    else if (name !== undefined && !closing) {
      top.parent = true
      stack.push({ name, children: {}, text: '', parent: false })
      if (selfClosing) close()
    } else if (name !== undefined) close()
  }
  return stack[0]?.children ?? {}

  function close(): void {
    const done = stack.pop()
    const above = stack.at(-1)
    if (!done || !above) return
    const value: Xml = done.parent ? done.children : unescapeXml(done.text.trim())
    const before = above.children[done.name]
    if (before === undefined) above.children[done.name] = value
    else if (Array.isArray(before)) before.push(value)
    else above.children[done.name] = [before, value]
  }
}

function unescapeXml(from: string): string {
  const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return from.replace(/&(?:#(\d+)|(\w+));/g, (whole, code, name) =>
    code ? String.fromCodePoint(Number(code)) : (named[name] ?? whole)
  )
}
