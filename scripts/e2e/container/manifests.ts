// The manifests of examples/kubernetes, given to the real API server as a user would give them.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { check } from '../expect.ts'
import { until } from '../ground.ts'
import type { KubernetesObject } from '../kubernetes-client.ts'
import { root, type Testbed } from '../testbed.ts'

const folder = join(root, 'examples/kubernetes')
export const namespace = 'eks-node-upgrade'
const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`

/** The namespace enforces the restricted pod security standard, so this also shows that the pods keep it. */
export function applyManifests(testbed: Testbed): void {
  for (const [file, ...options] of [
    ['service-account.yaml'],
    ['job.yaml', '--dry-run=server', '--warnings-as-errors'],
    ['cron-job.yaml', '--dry-run=server', '--warnings-as-errors'],
    ['own-token.yaml']
  ]) {
    const { status, stdout, stderr } = kubectl(testbed, [
      'apply',
      '--validate=strict',
      ...options,
      '-f',
      join(folder, file ?? '')
    ])
    check(`the API server takes ${file}`, status === 0, `${stdout}${stderr}`.trim().split('\n').join(', '))
  }
}

/** The Job as it stands finds no place; without its affinity its pod runs on a node of the group. Returns that pod. */
export async function startJob(testbed: Testbed): Promise<KubernetesObject> {
  const shown = kubectl(testbed, ['create', '--dry-run=client', '-o', 'json', '-f', join(folder, 'job.yaml')])
  const job = JSON.parse(shown.stdout) as KubernetesObject
  await testbed.kubernetes.create(jobs, job)
  let waiting: KubernetesObject | undefined
  await until('the pod of the Job was judged by the scheduler', 30, async () => {
    waiting = await podOf(testbed, job.metadata.name)
    return waiting?.status?.conditions?.some(({ type }: { type: string }) => type === 'PodScheduled') === true
  })
  const condition = waiting?.status.conditions.find(({ type }: { type: string }) => type === 'PodScheduled')
  check('its pod is not placed on a node of the group', condition?.status === 'False', condition?.message)

  const { affinity: _, ...spec } = job.spec.template.spec
  const template = { ...job.spec.template, spec }
  const careless = { ...job, metadata: { ...job.metadata, name: 'careless' }, spec: { ...job.spec, template } }
  await testbed.kubernetes.create(jobs, careless)
  let placed: KubernetesObject | undefined
  await until('the careless pod runs', 30, async () => {
    placed = await podOf(testbed, 'careless')
    return placed?.status?.phase === 'Running'
  })
  return placed as KubernetesObject
}

export async function removeJobs(testbed: Testbed): Promise<void> {
  for (const name of ['eks-node-upgrade', 'careless'])
    await testbed.kubernetes.remove(`${jobs}/${name}`, { propagationPolicy: 'Background' })
  await until('the pods of the Jobs are gone', 60, async () => {
    return (await testbed.kubernetes.list(`/api/v1/namespaces/${namespace}/pods`)).items.length === 0
  })
}

/** A token of the service account, as the kubelet would project it. */
export async function serviceAccountToken(testbed: Testbed, audience?: string): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/eks-node-upgrade/token`
  const { status } = await testbed.kubernetes.create(path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600, ...(audience && { audiences: [audience] }) }
  })
  return status.token
}

/** The kubeconfig of own-token.yaml, with the testbed's address in place of the cluster's own name. */
export async function ownTokenKubeconfig(testbed: Testbed): Promise<string> {
  const map = await testbed.kubernetes.get(`/api/v1/namespaces/${namespace}/configmaps/kubeconfig`)
  return (map?.data.kubeconfig ?? '').replace('https://kubernetes.default.svc', testbed.kubernetes.server)
}

export function readCertificate(testbed: Testbed): string {
  return readFileSync(testbed.certificateAuthority ?? '', 'utf8')
}

async function podOf(testbed: Testbed, job: string): Promise<KubernetesObject | undefined> {
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${job}`)
  return (await testbed.kubernetes.list(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`)).items[0]
}

function kubectl({ kubectl: command, kubernetes }: Testbed, args: readonly string[]) {
  const [program = 'kubectl', ...before] = command
  return spawnSync(program, [...before, '--kubeconfig', kubernetes.kubeconfig, ...args], { encoding: 'utf8' })
}
