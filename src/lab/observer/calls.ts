/** Every write, judged at the instant at which it takes effect. I11 and I13 here; the rest by who is written to. */
import type { Lab } from '../joined/lab.ts'
import type { PortCall } from '../ports/call-gate.ts'
import { createAwsCallChecks } from './aws-calls.ts'
import type { ObservedCluster } from './cluster-view.ts'
import type { ReportViolation } from './invariants.ts'
import { createKubernetesCallChecks } from './kubernetes-calls.ts'

export function createCallChecks(
  lab: Lab,
  observed: ObservedCluster,
  broken: ReportViolation
): { before(call: PortCall): void } {
  const toAws = createAwsCallChecks(lab, observed, broken)
  const toKubernetes = createKubernetesCallChecks(lab, observed, broken)

  function before(call: PortCall): void {
    if (!call.writes) return
    lease(call)
    if (isBookkeeping(call)) return
    if (observed.openRuns().length === 0) broken('I13', `${call.name} before there is a record`)
    if (call.service === 'aws') toAws.before(call)
    else toKubernetes.before(call)
  }

  /** The Lease and the record are what the rest is guarded by. */
  function isBookkeeping({ path = '' }: PortCall): boolean {
    return /\/(leases|configmaps)(\/eks-node-upgrade)?$/.test(path.split('?')[0] ?? '')
  }

  function lease(call: PortCall): void {
    if (/leases/.test(call.path ?? '')) return
    const spec = lab.cluster.find('Lease', 'kube-system', 'eks-node-upgrade')?.spec
    const holder: string = spec?.holderIdentity ?? ''
    const endsAt = Date.parse(spec?.renewTime ?? '') + (spec?.leaseDurationSeconds ?? 0) * 1000
    if (!holder.startsWith(`${call.host} `))
      broken('I11', `${call.host} sent ${call.name}, and "${holder}" holds the Lease`)
    else if (!(lab.clock.now() < endsAt)) broken('I11', `${call.host} sent ${call.name} after its Lease had run out`)
  }

  return { before }
}
