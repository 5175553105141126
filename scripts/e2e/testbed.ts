// The testbed that a suite runs in: an AWS and a Kubernetes API, either those of ../shared (started and ended here, by the
// process ids that they record) or those that the environment names.
import { type ChildProcess, execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { type AwsKey, connectTestAws, createUser, type TestAws } from './aws.ts'
import { connectKubernetes, type Kubernetes } from './kubernetes-client.ts'

export const root = resolve(import.meta.dirname, '../..')

/** The EKS cluster's name, fixed because the token webhook is told whose tokens it takes. */
export const clusterName = 'e2e'

export interface Testbed {
  readonly name: string
  readonly aws: TestAws
  /** As an administrator; the ground and the observer use it. */
  readonly kubernetes: Kubernetes
  readonly kubectl: readonly string[]
  /** How the product reaches the cluster: a user of the group `upgraders`. */
  readonly toolKubeconfig: string
  /** Credentials that a run of the product gets unless a scenario says otherwise. */
  readonly credentials: AwsKey
  /** The API server's audit log; undefined where the testbed was given. */
  readonly auditLog?: string
  readonly certificateAuthority?: string
  stop(): void
}

export interface TestbedPorts {
  aws: number
  kubernetes: number
}

/** Undefined where there is nothing to run on. Tokens are taken for `cluster` only; empty: for every EKS cluster there is. */
export async function startTestbed(
  name: string,
  ports: TestbedPorts,
  joinAfter = '1s',
  cluster = clusterName
): Promise<Testbed | undefined> {
  const { E2E_KUBECONFIG, E2E_AWS_ENDPOINT_URL } = process.env
  if (E2E_KUBECONFIG && E2E_AWS_ENDPOINT_URL) return givenTestbed(E2E_KUBECONFIG, E2E_AWS_ENDPOINT_URL)
  const shared = resolve(root, '../shared')
  const [emulator, controlPlane] = [join(shared, 'aws-emulator'), join(shared, 'control-plane')]
  if (!existsSync(join(emulator, 'up')) || !existsSync(join(controlPlane, 'up'))) return undefined
  const review = cluster === '' ? 'token-review' : `token-review/${cluster}`
  return sharedTestbed(name, emulator, controlPlane, ports, { joinAfter, review })
}

function givenTestbed(kubeconfig: string, endpoint: string): Testbed {
  const kubectl = [process.env.E2E_KUBECTL ?? 'kubectl']
  const credentials = {
    key: process.env.AWS_ACCESS_KEY_ID ?? 'testing',
    secret: process.env.AWS_SECRET_ACCESS_KEY ?? 'testing'
  }
  const auditLog = process.env.E2E_AUDIT_LOG
  return {
    name: 'given',
    aws: connectTestAws(endpoint, process.env.AWS_REGION ?? 'eu-west-1', credentials),
    kubernetes: connectKubernetes(kubeconfig, kubectl),
    kubectl,
    toolKubeconfig: process.env.E2E_TOOL_KUBECONFIG ?? kubeconfig,
    credentials,
    ...(auditLog && { auditLog }),
    stop() {}
  }
}

async function sharedTestbed(
  name: string,
  emulator: string,
  controlPlane: string,
  ports: TestbedPorts,
  { joinAfter, review }: { joinAfter: string; review: string }
): Promise<Testbed> {
  const base: NodeJS.ProcessEnv = {
    ...process.env,
    AWS_EMULATOR_PORT: String(ports.aws),
    CONTROL_PLANE_PORT: String(ports.kubernetes),
    CONTROL_PLANE_JOIN_AFTER: joinAfter
  }
  const stop = () => {
    for (const down of [join(controlPlane, 'down'), join(emulator, 'down')]) spawnSync(down, { env: base })
  }
  onExit(stop)
  const aws = await exportsOf(join(emulator, 'up'), [], base)
  const endpoint = aws.AWS_ENDPOINT_URL ?? ''
  const admin = await createAdministrator(endpoint)
  const environment = {
    ...base,
    AWS_ACCESS_KEY_ID: admin.key,
    AWS_SECRET_ACCESS_KEY: admin.secret,
    CONTROL_PLANE_AWS_ENDPOINT: endpoint,
    CONTROL_PLANE_TOKEN_WEBHOOK: `${endpoint}/_emulator/${review}`
  }
  const cluster = await exportsOf(join(controlPlane, 'up'), ['--fresh'], environment)
  const run = cluster.CONTROL_PLANE_RUN ?? ''
  const kubectl = [cluster.CONTROL_PLANE_BINARY ?? '', 'kubectl']
  return {
    name,
    aws: connectTestAws(endpoint, 'eu-west-1', admin),
    kubernetes: connectKubernetes(cluster.KUBECONFIG ?? '', kubectl),
    kubectl,
    toolKubeconfig: join(run, 'upgrader.kubeconfig'),
    credentials: { key: 'testing', secret: 'testing' },
    auditLog: join(run, 'audit.log'),
    certificateAuthority: join(run, 'pki/ca.crt'),
    stop
  }
}

/** Who may do everything, known to the emulator by name: the node follower goes on when permissions begin to be checked. */
async function createAdministrator(endpoint: string): Promise<AwsKey> {
  const aws = connectTestAws(endpoint, 'eu-west-1', { key: 'testing', secret: 'testing' })
  const all = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
  return createUser(aws, 'administrator', all)
}

async function exportsOf(program: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const { stdout } = await promisify(execFile)(program, args, { env, maxBuffer: 1 << 24 })
  const found: Record<string, string> = {}
  for (const [, name = '', value = ''] of stdout.matchAll(/([A-Z_]+)=(\S+)/g)) found[name] = value
  return found
}

/** Where things that are worth keeping between runs lie. */
export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'eks-node-upgrade-e2e')
}

const atExit: (() => void)[] = []
const children = new Map<ChildProcess, NodeJS.Signals>()

/** Runs however the process ends, SIGKILL apart; must be synchronous. */
export function onExit(work: () => void): void {
  atExit.push(work)
}

/** A child that must not outlive us; one that has things of its own to take down is asked with SIGTERM and waited for. */
export function adopt(child: ChildProcess, end: NodeJS.Signals = 'SIGKILL'): void {
  children.set(child, end)
  child.once('exit', () => children.delete(child))
}

export async function endWith(code: number): Promise<never> {
  const ends = [...children].map(([child, signal]) => {
    const gone = new Promise((done) => child.once('exit', done))
    child.kill(signal)
    return gone
  })
  await Promise.all(ends)
  for (const work of atExit.splice(0)) work()
  process.exit(code)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    process.stderr.write(`\n${signal}: taking everything down\n`)
    // A second signal must not cut the taking down short.
    for (const again of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(again, () => {})
    void endWith(130)
  })
}
