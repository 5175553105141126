// The image as the pods of examples/kubernetes run it: their manifests are real objects of a real API server, their
// credentials come as EKS gives them, and the process stands where their container would.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, say } from '../expect.ts'
import { until } from '../ground.ts'
import { createRunner } from '../permissions.ts'
import { checkNoWrites, mark, onGround, type ScenarioRun } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkSwapped, readSettings } from '../snapshot.ts'
import { clusterName, onExit, type Testbed } from '../testbed.ts'
import { checkExit, quick } from '../tool.ts'
import { budget, deployment } from '../workloads.ts'
import { type PodIdentity, servePodIdentity, webIdentity } from './credentials.ts'
import type { Image } from './image.ts'
import {
  applyManifests,
  namespace,
  ownTokenKubeconfig,
  readCertificate,
  removeJobs,
  serviceAccountToken,
  startJob
} from './manifests.ts'
import { type ContainerOptions, runContainer, startContainer } from './run.ts'

interface Pods extends ScenarioRun {
  image: Image
  folder: string
  roleArn: string
  identity: PodIdentity
}

export async function runAsPods(testbed: Testbed, image: Image, keep: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-pods-'))
  onExit(() => rmSync(folder, { recursive: true, force: true }))
  const { roleArn } = await createRunner(testbed)
  const identity = await servePodIdentity(testbed, roleArn, folder)
  const workloads = [
    deployment('shop-container', 'web', 8),
    budget('shop-container', 'web', { maxUnavailable: 2 }),
    deployment('shop-container', 'ledger', 1)
  ]
  try {
    await onGround(testbed, keep, { group: 'container', nodes: 3, workloads }, async (stage) => {
      const pods: Pods = { ...stage, image, folder, roleArn, identity }
      applyManifests(testbed)
      await checkOwnPod(pods)
      await checkCredentials(pods)
      await checkOwnToken(pods)
      await checkStopAndResume(pods)
    })
  } finally {
    identity.close()
    if (!keep) await testbed.kubernetes.remove(`/api/v1/namespaces/${namespace}`)
  }
}

/** It refuses to start on a node that it would drain. */
async function checkOwnPod(pods: Pods): Promise<void> {
  const { testbed, ground, observer } = pods
  const pod = await startJob(testbed)
  const node = pod.spec.nodeName
  check(
    'without the affinity its pod is',
    observer.nodesOf(ground.blue).some(({ metadata }) => metadata.name === node),
    node
  )
  const env = { POD_NAME: pod.metadata.name, POD_NAMESPACE: pod.metadata.namespace ?? '' }
  for (const mode of ['plan', 'upgrade']) {
    const since = await mark(testbed)
    const refused = await runContainer(pods.image, inPod(pods, mode, pods.identity.options, env))
    checkExit(`${mode} in a pod on a node that is to be drained`, refused, 3, 'it would evict itself')
    check('it names the pod and its node', refused.output.includes(pod.metadata.name) && refused.output.includes(node))
    await checkNoWrites(testbed, since)
  }
  await removeJobs(testbed)
}

/** Without a kubeconfig: the endpoint from DescribeCluster, and a token of the role that the cluster takes. */
async function checkCredentials(pods: Pods): Promise<void> {
  const { testbed, image, identity } = pods
  const token = await serviceAccountToken(testbed, 'sts.amazonaws.com')
  const irsa = webIdentity(pods.roleArn, token, pods.folder)
  checkExit('plan with IRSA', await runContainer(image, inPod(pods, 'plan', irsa)), 0, 'nothing blocks')
  const before = identity.given()
  checkExit(
    'plan with Pod Identity',
    await runContainer(image, inPod(pods, 'plan', identity.options)),
    0,
    'nothing blocks'
  )
  check('the agent was asked', identity.given() > before && identity.refused() === 0, identity.given() - before)
  const tokenless = { env: { ...identity.options.env, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/var/run/not-mounted' } }
  const without = await runContainer(image, inPod(pods, 'plan', tokenless))
  checkExit('Pod Identity whose token is not there', without, 3, '/var/run/not-mounted')
}

/** The kubeconfig of own-token.yaml, with a token of the service account and the rights that the file binds to it. */
async function checkOwnToken(pods: Pods): Promise<void> {
  const { testbed, folder, identity } = pods
  const files: Record<string, string> = { ...identity.options.files }
  for (const [path, text] of [
    ['/etc/eks-node-upgrade/kubeconfig', await ownTokenKubeconfig(testbed)],
    ['/var/run/secrets/kubernetes.io/serviceaccount/token', await serviceAccountToken(testbed)],
    ['/var/run/secrets/kubernetes.io/serviceaccount/ca.crt', readCertificate(testbed)]
  ] as const) {
    files[path] = join(folder, path.replaceAll('/', '-'))
    writeFileSync(files[path], text)
  }
  const options = inPod(pods, 'plan', { env: identity.options.env, files })
  const args = [...(options.args ?? []), '--kubeconfig', '/etc/eks-node-upgrade/kubeconfig']
  checkExit(
    'plan with the service account’s own token',
    await runContainer(pods.image, { ...options, args }),
    0,
    'nothing blocks'
  )
}

/** The kubelet stops a pod with SIGTERM to process 1; the pod that follows it resumes the run. */
async function checkStopAndResume(pods: Pods): Promise<void> {
  const { testbed, ground, observer, identity, before } = pods
  const given = identity.given()
  const first = startContainer(pods.image, inPod(pods, 'upgrade', identity.options))
  await until('the drain has begun', 60, () => /drain/.test(first.output()))
  const stoppedAt = Date.now()
  first.signal('TERM')
  const stopped = await first.ended
  const took = (Date.now() - stoppedAt) / 1000
  checkExit('SIGTERM to process 1', stopped, 130, 'eks-node-upgrade upgrade')
  check(
    'it ended by itself, long before a kubelet would kill it',
    stopped.signal === null && took < 20,
    `${took.toFixed(1)} s`
  )

  const second = await runContainer(pods.image, inPod(pods, 'upgrade', identity.options))
  checkExit('the next pod', second, 0, 'upgraded')
  check('it resumed the run', /resum/i.test(second.output))
  say(`credentials were fetched ${identity.given() - given} times, each good for two seconds`)
  check('credentials that end are fetched again', identity.given() - given > 2, identity.given() - given)
  checkCalm(observer)
  checkSwapped(before, await readSettings(testbed, ground))
  checkPlaced(observer, ground.green, ground.blue)
  await checkNothingLeft(testbed)
}

/** As the manifests start it: what EKS adds comes from `identity`. */
function inPod(
  { testbed }: Pods,
  mode: string,
  { env, files }: Pick<ContainerOptions, 'env' | 'files'>,
  more: Readonly<Record<string, string>> = {}
): ContainerOptions {
  const { endpoint, region } = testbed.aws
  const options = Object.entries(quick).flatMap(([name, value]) => [`--${name}`, value])
  const base = { AWS_REGION: region, AWS_ENDPOINT_URL: endpoint, POD_NAME: 'elsewhere', POD_NAMESPACE: namespace }
  return { args: [mode, '--cluster', clusterName, ...options], env: { ...base, ...env, ...more }, files }
}
