/** Keeps a world up over HTTP: the AWS that the SDK and the AWS CLI speak to, and the Kubernetes of kubectl. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveAws } from './aws/http.ts'
import { hurriedClock } from './clock.ts'
import { createLab, type Lab } from './joined/lab.ts'
import { serveKubernetes } from './kubernetes/http.ts'
import type { Scenario } from './simulation/scenario.ts'

export interface ServedLab {
  lab: Lab
  /** What another process needs in its environment. */
  env: Readonly<Record<string, string>>
  close(): Promise<void>
}

const user = { name: 'lab', accessKeyId: 'LABLABLABLABLABLABLA', secretAccessKey: 'lab/not/a/secret' }

/** The scenario's world as it is before its first step. Clients over HTTP live in real time, so its instants are real as well. */
export async function serveLab(scenario: Pick<Scenario, 'world' | 'steps'>, speed = 1): Promise<ServedLab> {
  const clock = hurriedClock({ speed })
  const lab = createLab({ clock, world: scenario.world, credentialsNow: () => Date.now() })
  await lab.settled()
  scenario.steps[0]?.before?.(lab)
  const { aws, cluster, clusterName } = lab
  aws.addUser(user)
  const awsServer = await serveAws(aws)
  const kubernetes = await serveKubernetes(cluster, {
    tokens(token) {
      // That of the kubeconfig. kubectl sends no credentials to a server without TLS, so none are demanded either:
      // https://github.com/kubernetes/client-go/blob/v0.34.0/tools/clientcmd/client_config.go
      if (token === 'lab' || token === undefined) return { username: 'lab' }
      // Every other must be one that EKS would take.
      const review = aws.reviewToken(token, clusterName)
      return review.authenticated ? { username: review.arn } : undefined
    }
  })
  aws.addCluster({
    name: clusterName,
    endpoint: kubernetes.url,
    // Plain HTTP needs no authority, and EKS always names one.
    certificateAuthority: Buffer.from('none').toString('base64'),
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
      await Promise.all([awsServer.close(), kubernetes.close()])
      rmSync(directory, { recursive: true, force: true })
    }
  }
}
