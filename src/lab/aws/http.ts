/**
 * The lab's AWS over HTTP, for the real SDK and the AWS CLI with AWS_ENDPOINT_URL: Auto Scaling, EC2 and STS in the
 * query protocol, EKS in REST and JSON, Systems Manager in JSON. An unknown action is an error, never an empty success.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { authenticate, type SignedRequest, scopeOf } from './authentication.ts'
import type { LabAws } from './aws.ts'
import { type LabCaller, mayCall } from './identities.ts'
import { ConnectionLost, LabAwsError, type Service } from './lab-aws-error.ts'
import { readForm } from './query-form.ts'
import { errorXml, resultXml } from './xml.ts'

export interface AwsServer {
  /** For AWS_ENDPOINT_URL. */
  url: string
  close(): Promise<void>
}

/** What was asked, for a log; `code` of the error where the answer was one. */
export interface AwsCall {
  service: Service
  action: string
  input: Record<string, unknown>
  code?: string
}

export interface AwsServerOptions {
  port?: number
  host?: string
  onCall?: (call: AwsCall) => void
}

interface Operation {
  service: Service
  /** As AWS names it. */
  action: string
  input: Record<string, unknown>
}

export async function serveAws(aws: LabAws, options: AwsServerOptions = {}): Promise<AwsServer> {
  const host = options.host ?? '127.0.0.1'
  const server = createServer((incoming, outgoing) => {
    // If the request was aborted, no caller waits for the answer.
    answer(aws, options, incoming, outgoing).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(options.port ?? 0, host, listening)
  })
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed())
      server.closeAllConnections()
    })
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, close }
}

async function answer(
  aws: LabAws,
  { onCall }: AwsServerOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse
): Promise<void> {
  const request = await receive(incoming)
  const operation = read(request)
  const reply = { outgoing, operation, id: `lab-${aws.calls.length}`, at: aws.account.clock.now() }
  try {
    const caller = authenticate(aws.account, operation.service, request, operation.action)
    if (caller) authorize(caller, operation)
    const result = await call(aws, operation, caller)
    onCall?.(operation)
    send(
      reply,
      200,
      isXml(operation.service) ? resultXml(operation.service, operation.action, result, reply.id) : json(result)
    )
  } catch (error) {
    onCall?.({ ...operation, code: error instanceof LabAwsError ? error.Code : (error as Error).name })
    if (error instanceof ConnectionLost) incoming.socket.destroy()
    else sendError(reply, error)
  }
}

async function receive(incoming: IncomingMessage): Promise<SignedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const url = new URL(incoming.url ?? '/', 'http://lab')
  return { method: incoming.method ?? 'GET', url, headers: incoming.headers, body: Buffer.concat(chunks) }
}

/** Without a signature, the API version identifies the service of a query. */
const servicesByVersion: Record<string, Service> = {
  '2011-01-01': 'autoscaling',
  '2016-11-15': 'ec2',
  '2011-06-15': 'sts'
}

function read(request: SignedRequest): Operation {
  const form = new URLSearchParams(request.body.length > 0 ? request.body.toString() : request.url.search)
  const signedFor = scopeOf(request)?.service
  if (form.has('Action')) {
    const service = servicesByVersion[form.get('Version') ?? ''] ?? (signedFor as Service | undefined) ?? 'sts'
    return { service, action: form.get('Action') ?? '', input: readForm(form, service === 'ec2' ? 'ec2' : 'query') }
  }
  const target = /^AmazonSSM\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? ''))?.[1]
  if (target) return { service: 'ssm', action: target, input: JSON.parse(request.body.toString() || '{}') }
  const [, root, name] = request.url.pathname.split('/')
  const service = (signedFor as Service | undefined) ?? 'eks'
  if (request.method === 'GET' && root === 'clusters') {
    const input: Record<string, unknown> = name ? { name: decodeURIComponent(name) } : {}
    return { service: 'eks', action: name ? 'DescribeCluster' : 'ListClusters', input }
  }
  return { service, action: `${request.method} ${request.url.pathname}`, input: {} }
}

function authorize(caller: LabCaller, { service, action }: Operation): void {
  if (mayCall(caller, service, action)) return
  const message = `User: ${caller.arn} is not authorized to perform: ${service}:${action}`
  const code = service === 'ec2' ? 'UnauthorizedOperation' : isXml(service) ? 'AccessDenied' : 'AccessDeniedException'
  throw new LabAwsError(service, 403, code, message)
}

type Action = (input: unknown, caller?: LabCaller) => Promise<unknown>

async function call(
  aws: LabAws,
  { service, action, input }: Operation,
  caller: LabCaller | undefined
): Promise<unknown> {
  const services = { autoscaling: aws.autoScaling, ec2: aws.ec2, eks: aws.eks, ssm: aws.ssm, sts: aws.sts }
  const actions = (services[service] ?? {}) as Record<string, unknown>
  const name = `${action.charAt(0).toLowerCase()}${action.slice(1)}`
  if (!Object.hasOwn(actions, name)) {
    throw new LabAwsError(service, 501, 'NotImplemented', `The lab's AWS cannot do ${action} of ${service}`)
  }
  return (actions[name] as Action)(input, caller)
}

interface Reply {
  outgoing: ServerResponse
  operation: Operation
  id: string
  /** By the lab's clock: clients compute times for later calls from it. */
  at: number
}

type XmlService = 'autoscaling' | 'sts' | 'ec2'
const isXml = (service: Service): service is XmlService => service in answersInXml
const answersInXml = { autoscaling: true, sts: true, ec2: true }

function send(
  { outgoing, operation, id, at }: Reply,
  status: number,
  body: string,
  headers: Record<string, string> = {}
) {
  outgoing.writeHead(status, {
    'Content-Type': isXml(operation.service) ? 'text/xml' : 'application/json',
    'x-amzn-RequestId': id,
    Date: new Date(at).toUTCString(),
    ...headers
  })
  outgoing.end(body)
}

function sendError(reply: Reply, error: unknown): void {
  const known = error instanceof LabAwsError
  const status = known ? error.$metadata.httpStatusCode : 500
  // A bug of the lab. It must be visible, and a client must not mistake it for an error of AWS.
  const code = known ? error.Code : 'LabBug'
  const message = error instanceof Error ? error.message : String(error)
  const { service } = reply.operation
  const body = isXml(service) ? errorXml(service, { status, code, message }, reply.id) : json({ __type: code, message })
  send(reply, status, body, { 'x-amzn-ErrorType': code })
}

/** EKS writes instants as seconds since the epoch. */
const json = (result: unknown) =>
  JSON.stringify(result, function (this: Record<string, unknown>, key, value) {
    const own = this[key]
    return own instanceof Date ? own.getTime() / 1000 : value
  })
