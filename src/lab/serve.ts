/** Keeps a world up over HTTP: the AWS that the SDK and the AWS CLI speak to, and the Kubernetes of kubectl. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveAws } from './aws/http.ts'
import { createLab, type Lab } from './joined/lab.ts'
import { serveKubernetes } from './kubernetes/http.ts'
import { begunClock } from './serve/begun-clock.ts'
import { selfSignedCertificate } from './serve/certificate.ts'
import { recordEvents } from './serve/events.ts'
import { tellStory } from './serve/story.ts'
import type { Scenario } from './simulation/scenario.ts'

export interface ServedLab {
  lab: Lab
  /** What another process needs in its environment. */
  env: Readonly<Record<string, string>>
  close(): Promise<void>
}

const user = { name: 'lab', accessKeyId: 'LABLABLABLABLABLABLA', secretAccessKey: 'lab/not/a/secret' }

export interface ServeLabOptions {
  /** How many times sooner than in life things happen. */
  speed?: number
  /** Takes what happens, line by line. */
  say?: (line: string) => void
}

/** Longer than a world takes to come to rest. */
const pastMs = 5 * 60_000

/** The scenario's world as it is before its first step. Clients over HTTP live in real time, so its instants are real as well. */
export async function serveLab(
  scenario: Pick<Scenario, 'world' | 'steps'>,
  { speed = 1, say }: ServeLabOptions = {}
): Promise<ServedLab> {
  const clock = begunClock({ speed, pastMs })
  const lab = createLab({ clock, world: scenario.world, credentialsNow: () => Date.now() })
  const stopRecording = recordEvents(lab)
  await clock.begin(() => lab.settled())
  scenario.steps[0]?.before?.(lab)
  const { aws, cluster, clusterName } = lab
  aws.addUser(user)
  const story = say && tellStory(lab, say)
  const awsServer = await serveAws(aws, story ? { onCall: story.onCall } : {})
  const tls = selfSignedCertificate()
  const kubernetes = await serveKubernetes(cluster, {
    tls,
    tokens(token) {
      if (token === 'lab') return { username: 'lab' }
      // Every other than that of the kubeconfig must be one that EKS would take.
      const review = token === undefined ? undefined : aws.reviewToken(token, clusterName)
      return review?.authenticated ? { username: review.arn } : undefined
    },
    ...(story ? { onRequest: story.onRequest } : {})
  })
  aws.addCluster({
    name: clusterName,
    endpoint: kubernetes.url,
    certificateAuthority: Buffer.from(tls.cert).toString('base64'),
    version: cluster.version
  })
  const directory = mkdtempSync(join(tmpdir(), 'eks-node-upgrade-lab-'))
  const kubeconfig = join(directory, 'kubeconfig')
  writeFileSync(kubeconfig, kubernetes.kubeconfig, { mode: 0o600 })
  return {
    lab,
    env: {
      AWS_ENDPOINT_URL: awsServer.url,
      AWS_REGION: aws.account.region,
      // Version 1 of the AWS CLI reads only this one.
      AWS_DEFAULT_REGION: aws.account.region,
      AWS_ACCESS_KEY_ID: user.accessKeyId,
      AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
      KUBECONFIG: kubeconfig
    },
    async close() {
      clock.stop()
      story?.end()
      stopRecording()
      await Promise.all([awsServer.close(), kubernetes.close()])
      rmSync(directory, { recursive: true, force: true })
    }
  }
}
