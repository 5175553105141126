// Gives the product what its documents grant, and nothing more: the files in examples/, read as a user would apply them.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createUser, type TestAws } from './aws.ts'
import { skip } from './expect.ts'
import type { KubernetesObject } from './kubernetes-client.ts'
import { clusterName, root, type Testbed } from './testbed.ts'

const rbacFile = join(root, 'examples/rbac.yaml')
const policyFile = join(root, 'examples/iam-policy.json')
const group = 'upgraders'
const rbac = '/apis/rbac.authorization.k8s.io/v1'

/** Binds what examples/rbac.yaml grants to the group that the product runs as. False where the file is not there. */
export async function grantRbac(testbed: Testbed): Promise<boolean> {
  if (!existsSync(rbacFile)) {
    skip('examples/rbac.yaml is enough', 'the file does not exist; the product runs as cluster-admin')
    await grantAll(testbed)
    return false
  }
  for (const object of rbacObjects(testbed)) {
    const { kind = '', metadata, roleRef } = object
    if (kind === 'ClusterRole') await testbed.kubernetes.create(`${rbac}/clusterroles`, object)
    else if (kind === 'Role') await testbed.kubernetes.create(`${rbac}/namespaces/${metadata.namespace}/roles`, object)
    else await bind(testbed, kind, metadata.name, metadata.namespace, roleRef)
  }
  return true
}

/** Everything, for tools that the product is compared with. */
export function grantAll(testbed: Testbed): Promise<void> {
  return bind(testbed, 'ClusterRoleBinding', 'e2e-all', undefined, { kind: 'ClusterRole', name: 'cluster-admin' })
}

export async function revokeRbac(testbed: Testbed): Promise<void> {
  for (const { kind, metadata } of rbacObjects(testbed)) {
    const at = metadata.namespace ? `${rbac}/namespaces/${metadata.namespace}` : rbac
    await testbed.kubernetes.remove(`${at}/${kind?.toLowerCase()}s/${metadata.name}`)
  }
}

function rbacObjects(testbed: Testbed): KubernetesObject[] {
  const [command = '', ...before] = testbed.kubectl
  const args = [
    '--kubeconfig',
    testbed.kubernetes.kubeconfig,
    'create',
    '--dry-run=client',
    '-o',
    'json',
    '-f',
    rbacFile
  ]
  const shown = execFileSync(command, [...before, ...args], { encoding: 'utf8' })
  // kubectl prints one object after the other where the file holds several.
  const found: KubernetesObject[] = shown.split(/(?<=^\})\s*(?=^\{)/m).map((one) => JSON.parse(one))
  return found.flatMap((one) => (one.kind === 'List' ? one.items : [one]))
}

async function bind(testbed: Testbed, kind: string, name: string, namespace: string | undefined, roleRef: object) {
  const at = namespace ? `${rbac}/namespaces/${namespace}/rolebindings` : `${rbac}/clusterrolebindings`
  await testbed.kubernetes.create(at, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind,
    metadata: { name, ...(namespace && { namespace }) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...roleRef },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: group }]
  })
}

export interface RunnerIdentity {
  roleArn: string
  env: NodeJS.ProcessEnv
}

/** A user who may do nothing but assume a role, and that role with the policy of examples/iam-policy.json alone. */
export async function createRunner({ aws }: Testbed): Promise<RunnerIdentity> {
  const allow = (action: string, more: object) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: action, ...more }]
  })
  const trusting = (principal: string) => JSON.stringify(allow('sts:AssumeRole', { Principal: { AWS: principal } }))
  const { key, secret } = await createUser(aws, 'runner', allow('sts:AssumeRole', { Resource: '*' }))
  const { Role } = await aws.iam.createRole({ RoleName: 'upgrader', AssumeRolePolicyDocument: trusting('*') })
  await aws.iam.putRolePolicy({
    RoleName: 'upgrader',
    PolicyName: 'upgrade',
    PolicyDocument: readFileSync(policyFile, 'utf8')
  })
  const stranger = trusting('arn:aws:iam::210987654321:root')
  await aws.iam.createRole({ RoleName: 'stranger', AssumeRolePolicyDocument: stranger })
  return { roleArn: Role?.Arn ?? '', env: { AWS_ACCESS_KEY_ID: key, AWS_SECRET_ACCESS_KEY: secret } }
}

/**
 * An EKS that answers DescribeCluster alone. With permissions checked, moto (5.2) finds the signature of every REST call
 * wrong, its own client's too; this stands in for it, gives what moto gave before, and reads the policy itself.
 */
export async function serveCluster({
  aws
}: Testbed): Promise<{ env: NodeJS.ProcessEnv; served(): number; close(): void }> {
  const known = JSON.stringify({ cluster: await describedCluster(aws) })
  const { Statement } = JSON.parse(readFileSync(policyFile, 'utf8')) as { Statement: { Action: string | string[] }[] }
  const granted = Statement.some(({ Action }) => [Action].flat().includes('eks:DescribeCluster'))
  let count = 0
  const server = createServer(({ method, url, headers }, response) => {
    const signed =
      /\/eks\/aws4_request/.test(headers.authorization ?? '') && headers['x-amz-security-token'] !== undefined
    const asked = method === 'GET' && url === `/clusters/${clusterName}`
    if (signed && asked && granted) {
      count++
      response.writeHead(200, { 'content-type': 'application/json' }).end(known)
      return
    }
    const error = { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' }
    response.writeHead(403, error).end(JSON.stringify({ message: 'User is not authorized to perform this action' }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    env: { AWS_ENDPOINT_URL_EKS: `http://127.0.0.1:${port}` },
    served: () => count,
    close() {
      server.closeAllConnections()
      server.close()
    }
  }
}

/** As the wire has it: the SDK makes a Date of the instant, which the service gives in seconds. */
async function describedCluster({ eks }: TestAws): Promise<object> {
  const { cluster } = await eks.describeCluster({ name: clusterName })
  return { ...cluster, createdAt: cluster?.createdAt && cluster.createdAt.getTime() / 1000 }
}

export function hasPolicy(): boolean {
  return existsSync(policyFile) && existsSync(rbacFile)
}

/** The emulator checks what an identity may do, or lets everyone do everything. */
export async function checkPermissions({ aws }: Testbed, checked: boolean): Promise<void> {
  await aws.emulator('POST', '/moto-api/reset-auth', checked ? '0' : 'inf')
}
