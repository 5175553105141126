// Where a pod gets its AWS credentials: EKS Pod Identity's agent, which listens on the node, and a projected token that STS
// takes (IAM roles for service accounts).

import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { STS } from '@aws-sdk/client-sts'
import type { Testbed } from '../testbed.ts'
import type { ContainerOptions } from './run.ts'

export interface PodIdentity {
  /** What EKS puts into the pod. */
  options: Pick<ContainerOptions, 'env' | 'files'>
  /** How often credentials were given, and how often refused for want of the token. */
  given(): number
  refused(): number
  close(): void
}

const tokenPath = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token'

/**
 * Stands in for the agent: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html. What it gives is
 * about to end whenever it gives it, so that a run has to ask again and again.
 */
export async function servePodIdentity(testbed: Testbed, roleArn: string, folder: string): Promise<PodIdentity> {
  const { endpoint, region } = testbed.aws
  const { key, secret } = testbed.credentials
  const sts = new STS({ endpoint, region, credentials: { accessKeyId: key, secretAccessKey: secret } })
  const token = `of-this-pod-${process.pid}`
  const file = join(folder, 'pod-identity-token')
  writeFileSync(file, token)
  const counted = { given: 0, refused: 0 }
  const server = createServer(async ({ headers, url }, response) => {
    if (headers.authorization !== token || url !== '/v1/credentials') {
      counted.refused++
      return void response.writeHead(401).end()
    }
    const { Credentials } = await sts.assumeRole({ RoleArn: roleArn, RoleSessionName: 'pod' })
    counted.given++
    const ends = new Date(Date.now() + 5 * 60_000 + 2_000).toISOString()
    const { AccessKeyId, SecretAccessKey, SessionToken: Token } = Credentials ?? {}
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ AccessKeyId, SecretAccessKey, Token, AccountId: '123456789012', Expiration: ends }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return {
    options: {
      env: {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/v1/credentials`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenPath
      },
      files: { [tokenPath]: file }
    },
    given: () => counted.given,
    refused: () => counted.refused,
    close() {
      server.closeAllConnections()
      server.close()
    }
  }
}

/** What the webhook of IAM roles for service accounts puts into the pod. */
export function webIdentity(roleArn: string, token: string, folder: string): Pick<ContainerOptions, 'env' | 'files'> {
  const path = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'
  const file = join(folder, 'web-identity-token')
  writeFileSync(file, token)
  return { env: { AWS_ROLE_ARN: roleArn, AWS_WEB_IDENTITY_TOKEN_FILE: path }, files: { [path]: file } }
}
