/** Everything that one AWS account holds in one region. All of the lab's AWS works on this, and nothing else. */

import type { Image, Subnet } from '@aws-sdk/client-ec2'
import type { Cluster } from '@aws-sdk/client-eks'
import type { LabClock } from '../clock.ts'
import type { LabGroup } from './group.ts'
import type { Identifiers } from './identifiers.ts'
import type { Role, Session, User } from './identities.ts'
import type { LabInstance } from './instance.ts'
import type { LaunchTemplateLine } from './launch-templates.ts'

/** What others want to know of instances: whoever plays the nodes listens here. Each is told after it has happened. */
export interface Listener {
  onLaunched?(instance: LabInstance, group: LabGroup): void
  onInService?(instance: LabInstance, group: LabGroup): void
  /** The machine begins to shut down: it has left its load balancers, and termination hooks have let it go. */
  onTerminating?(instance: LabInstance, group: LabGroup): void
  onTerminated?(instance: LabInstance, group: LabGroup): void
}

export interface Account {
  readonly clock: LabClock
  readonly ids: Identifiers
  readonly id: string
  readonly region: string
  readonly groups: Map<string, LabGroup>
  readonly templates: Map<string, LaunchTemplateLine>
  readonly images: Map<string, Image>
  readonly subnets: Map<string, Subnet>
  /** Every instance that ever was, gone ones too: EC2 goes on describing them for a while. */
  readonly machines: Map<string, LabInstance>
  /** Private addresses of the machines that are there. One that has become free is given to the next. */
  readonly addresses: Set<string>
  readonly clusters: Map<string, Cluster>
  readonly users: Map<string, User>
  readonly roles: Map<string, Role>
  readonly sessions: Map<string, Session>
  readonly listeners: Set<Listener>
  /** The clock by which credentials and tokens expire. Callers over HTTP live in real time, however fast the lab runs. */
  readonly credentialsNow: () => number
}

/** Announces something to all listeners. */
export function announce(account: Account, event: keyof Listener, instance: LabInstance, group: LabGroup): void {
  for (const listener of [...account.listeners]) listener[event]?.(instance, group)
}
