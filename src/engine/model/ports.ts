import type { Clock } from './clock.ts'
import type { Cluster, Leases, Records } from './cluster.ts'
import type { Gates } from './gates.ts'
import type { Images } from './image.ts'
import type { NodeGroups } from './node-group.ts'
import type { Reporter } from './report.ts'

/** Everything outside that the engine needs, narrow and in its own words. */
export interface Ports {
  clock: Clock
  nodeGroups: NodeGroups
  images: Images
  cluster: Cluster
  records: Records
  leases: Leases
  /** Left out: there is none to ask, and every gate that a run names is unknown. */
  gates?: Gates
  reporter: Reporter
  /** A new id for a run: short, unique, fit for a tag and an annotation. */
  newId(): string
  /** Who is at work, for the lock and for people. */
  host: { name: string; link?: string }
  /** The pod in which this process runs, if it does. */
  ownPod?: { namespace: string; name: string }
  /** When the AWS credentials end for good: infinite if they are renewed, undefined if unknown. Left out: they never do. */
  credentialsExpireAt?(): number | undefined
}
