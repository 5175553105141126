/** From inputs to the engine's ports, over the real AWS and the real cluster. Every entry point comes through here. */

import type { ClusterEndpoint } from '../aws/cluster-endpoint.ts'
import { connectAws } from '../aws/connection.ts'
import type { Ports } from '../engine/model/ports.ts'
import { createGates } from '../gates/gates.ts'
import type { ConnectionInputs } from '../inputs/validate-inputs.ts'
import { connectCluster } from '../kubernetes/cluster.ts'
import { ownPod } from '../kubernetes/own-pod.ts'
import type { Connect } from './group-runs.ts'
import { newRunId } from './run-id.ts'
import { systemClock } from './system-clock.ts'
import { version } from './version.ts'

const userAgent = `eks-node-upgrade/${version}`

/** Calls nothing on the network itself. Rejects with region or kubeconfig if they cannot be used. */
export const connect: Connect<Ports> = async ({ cluster, clusterTagKey }, connection, { host, idToken, mask }) => {
  const aws = await connectAws({
    region: connection.region,
    role: roleOf(connection),
    idToken,
    mask: mask ?? (() => {}),
    userAgent
  })
  const nodeGroups = aws.nodeGroups(cluster, clusterTagKey)
  const token = aws.token(cluster)
  let described: Promise<ClusterEndpoint> | undefined

  const endpoint = async () => {
    described ??= aws.clusterEndpoint(cluster)
    const { endpoint: server, caData } = await described
    return { server, caData, token }
  }
  return {
    findGroups: () => nodeGroups.find(),
    publish: aws.publish,
    async ports(reporter) {
      const way = connection.kubeconfig ? { kubeconfig: connection.kubeconfig } : { endpoint: await endpoint() }
      const parts = await connectCluster({ ...way, userAgent, now: systemClock.now })
      return {
        ...parts,
        clock: systemClock,
        nodeGroups,
        gates: createGates({ entries: connection.gates ?? [], alarm: aws.alarm, userAgent, env: process.env }),
        images: aws.images,
        reporter,
        newId: () => newRunId(systemClock.now()),
        host,
        ownPod: ownPod(),
        credentialsExpireAt: aws.credentialsExpireAt
      }
    }
  }
}

function roleOf(connection: ConnectionInputs) {
  const { roleToAssume: arn, roleSessionName: sessionName, roleDurationSeconds: durationSeconds } = connection
  if (arn === undefined) return undefined
  return { arn, sessionName, durationSeconds, externalId: connection.roleExternalId, audience: connection.audience }
}
