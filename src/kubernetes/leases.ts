/** The one Lease of the cluster, under a fixed name, so that RBAC can name it. */
import type { Lease, Leases } from '../engine/model/cluster.ts'
import { objectName as name, objectNamespace as namespace } from '../engine/model/names.ts'
import { type Place, swap } from './compare-and-swap.ts'
import { type ApiConnection, fetchObject } from './connection.ts'
import { instant } from './projection/metadata.ts'
import type { RawMeta, RawObject } from './projection/raw.ts'

interface RawLease extends RawObject {
  apiVersion?: string
  kind?: string
  spec?: {
    holderIdentity?: string | null
    leaseDurationSeconds?: number | null
    acquireTime?: string | null
    renewTime?: string | null
    leaseTransitions?: number | null
  }
}

const place: Place = {
  collection: `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`,
  name,
  title: `lease ${namespace}/${name}`
}
const holderAnnotation = 'eks-node-upgrade/holder'

export function leases(connection: ApiConnection): Leases {
  return {
    async read() {
      const path = `${place.collection}/${name}`
      const found = await fetchObject<RawLease>(connection, { path, asked: `get ${place.title}`, urgent: true })
      const version = found?.metadata?.resourceVersion
      return found && version !== undefined ? { lease: project(found), version } : undefined
    },

    async write(lease, version) {
      const written = await swap<RawLease>(connection, place, rawLease(lease), version, true)
      return written?.metadata?.resourceVersion
    }
  }
}

function project({ metadata, spec }: RawLease): Lease {
  return {
    holder: spec?.holderIdentity ?? '',
    holderDetails: metadata?.annotations?.[holderAnnotation] ?? '',
    acquiredAt: instant(spec?.acquireTime),
    renewedAt: instant(spec?.renewTime),
    durationSeconds: spec?.leaseDurationSeconds ?? 0,
    transitions: spec?.leaseTransitions ?? 0
  }
}

/** A Lease that is not held has no holder at all. */
function rawLease(lease: Lease): RawLease & { metadata: RawMeta } {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'eks-node-upgrade' },
      annotations: lease.holderDetails ? { [holderAnnotation]: lease.holderDetails } : {}
    },
    spec: {
      holderIdentity: lease.holder || undefined,
      leaseDurationSeconds: Math.max(1, Math.ceil(lease.durationSeconds)),
      acquireTime: microTime(lease.acquiredAt),
      renewTime: microTime(lease.renewedAt),
      leaseTransitions: lease.transitions
    }
  }
}

/** The API's MicroTime wants exactly six digits of a second. */
function microTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z')
}
