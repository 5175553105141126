/**
 * Every rule by which the plan blocks or warns, with what it means and what to do about it. docs/rules.md is written from this table.
 * What a rule saw in a cluster, and the commands for it, are in the findings.
 */
import type { ErrorCode } from './error.ts'

export interface RuleFacts {
  /** false: it only warns. */
  blocks: boolean
  /** How a run that it blocks ends. */
  code?: ErrorCode
  /** One sentence. */
  means: string
  /** One sentence. */
  remedy: string
}

function blocks(means: string, remedy: string, code: ErrorCode = 'plan-blocked') {
  return { blocks: true, code, means, remedy } as const
}

function warns(means: string, remedy: string) {
  return { blocks: false, means, remedy } as const
}

const table = {
  'group-not-found': blocks(
    'The cluster has no node group of this name, or no node group at all.',
    'Name one that exists, or give its two Auto Scaling groups the three tags.',
    'group-not-found'
  ),
  'group-not-named': blocks(
    'The cluster has several node groups, and the input `group` names none of them.',
    'Name the node group with the input `group`.',
    'group-not-found'
  ),
  'managed-node-group': blocks(
    'The Auto Scaling group belongs to a managed node group of EKS, which undoes what others write to it.',
    'Move its pods to a pair of your own once, as docs/adoption.md describes.'
  ),
  'tag-missing': blocks(
    'An Auto Scaling group has the name tag or the color tag, but not both.',
    'Add the missing tag, or remove the other one if the group does not belong to a node group.'
  ),
  'tag-wrong': blocks('A tag has a value that is not known.', 'Set the tag to one of the known values.'),
  'tag-other-cluster': blocks(
    'An Auto Scaling group of this node group is tagged for another cluster.',
    'Correct the cluster tag of the group.'
  ),
  'color-duplicate': blocks(
    'The node group has two groups of the same color.',
    'Remove the color tag from the one that does not belong to the node group.'
  ),
  'color-missing': blocks('The node group has no group of this color.', 'Tag the missing Auto Scaling group.'),
  'other-run-open': blocks(
    'A run of another node group of this cluster is open.',
    'Finish or revert that run first.',
    'other-run-open'
  ),
  'both-active': blocks(
    'Both groups have instances, so it is not known which one is active.',
    'Drain the nodes of one group and scale it to zero.'
  ),
  'none-active': blocks(
    'Neither group has instances, so there is nothing to upgrade.',
    'Scale one of the groups to the number of nodes that you need.'
  ),
  'size-changing': blocks(
    'The number of instances of a group is changing.',
    'Wait until the group has as many instances in service as it wants.'
  ),
  standby: blocks(
    'Instances are in Standby, and a run would neither drain nor count them.',
    'Return the instances to service.'
  ),
  'access-denied': blocks(
    'The identity of the run lacks a permission in the cluster.',
    'Apply `examples/rbac.yaml`, or grant the permission that the finding names.'
  ),
  'plan-moved': blocks(
    'The plan is not the one that `expect-plan` names: the groups, a configuration or a consent has changed since the review.',
    'Plan again, review the plan, and pass its digest as `expect-plan`.',
    'plan-moved'
  ),
  'template-unknown': blocks(
    'It cannot be read which launch template version an active instance was launched from.',
    'Replace these instances with ones of a template version that still exists.'
  ),
  'template-missing': blocks(
    'A group has no launch template, or its template version does not exist.',
    'Set the group to a launch template version that exists.'
  ),
  'takes-back': blocks(
    'The inactive group was changed, but some of its settings are still those from before the last upgrade.',
    'Copy these settings from the active group, or confirm with `when-unchanged: swap-back`.'
  ),
  older: blocks(
    'The template version of the inactive group is much older than the one that runs.',
    'Give the inactive group a newer version, or confirm with `when-unchanged: swap-back`.'
  ),
  'launch-configuration': blocks(
    'A group launches from a launch configuration, and those have no versions to compare.',
    'Switch the group to a launch template.'
  ),
  operator: blocks(
    'An AWS service manages the group, and only that service may change it.',
    'Use the upgrade that the service offers.'
  ),
  'being-deleted': blocks('AWS is deleting the group.', 'Create the group again, with the same tags.'),
  weights: blocks(
    'The sizes of the group count weights or vCPUs instead of instances.',
    'Let the group count instances: no weights, and the desired capacity type `units`.'
  ),
  'warm-pool': blocks(
    'The group has a warm pool, into which new instances would be launched.',
    'Delete the warm pool before the upgrade.'
  ),
  suspended: blocks(
    'A scaling process that an upgrade needs, Launch or Terminate, is suspended.',
    'Resume the process.'
  ),
  'instance-refresh': blocks(
    'An instance refresh is replacing instances of the group.',
    'Wait until it has ended, or cancel it.'
  ),
  'launch-hook': blocks(
    'A launch hook may hold an instance for longer than the launch timeout.',
    'Raise `launch-timeout-minutes`, or shorten the heartbeat timeout of the hook.'
  ),
  'zone-missing': blocks(
    'The inactive group has no subnet in a zone that the active group uses, so volumes of that zone could not be attached.',
    'Give the inactive group the subnets of the active group.'
  ),
  'policy-missing': blocks(
    'The inactive group lacks a scaling policy that the active group has.',
    'Create the same scaling policy for the inactive group.'
  ),
  'schedule-missing': blocks(
    'The inactive group lacks a scheduled action that the active group has.',
    'Create the same scheduled action for the inactive group.'
  ),
  'hook-missing': blocks(
    'The inactive group lacks a lifecycle hook that the active group has.',
    'Create the same lifecycle hook for the inactive group.'
  ),
  'target-group-missing': blocks(
    'The inactive group lacks a target group or a load balancer that the active group has.',
    'Attach it to the inactive group.'
  ),
  'autoscaler-tag-missing': blocks(
    'The inactive group lacks a tag of Cluster Autoscaler that the active group has.',
    'Add the tag to the inactive group.'
  ),
  'wrong-cluster': blocks(
    'No instance of the active group is a node of this cluster.',
    'Check that the inputs name the cluster of these groups.'
  ),
  'provider-id-missing': blocks(
    'An instance is not known as a node, and a node of its type and zone has no `spec.providerID`.',
    'Find out which instance the node runs on, because its pods could be overlooked.'
  ),
  'two-budgets': blocks(
    'Two PodDisruptionBudgets select the same pods, and the eviction API refuses such pods.',
    'Change the selectors so that one budget selects each pod.'
  ),
  'budget-never-allows': blocks(
    'The PodDisruptionBudget allows no eviction even if every pod is ready, and a rolling restart is not safe.',
    'Let the budget allow one eviction, or accept a short downtime with `allow-downtime`.'
  ),
  'no-controller': blocks(
    'A pod has no controller, so nothing would recreate it.',
    'Give the pod a controller, or accept its loss with `pods-without-controller: evict`.'
  ),
  'orphan-daemonset': blocks(
    'The DaemonSet of a pod does not exist, so nothing would recreate the pod.',
    'Create the DaemonSet again, or accept the loss with `pods-without-controller: evict`.'
  ),
  emptydir: blocks(
    'A pod has data in an emptyDir volume, and `emptydir-data: refuse` protects it.',
    'Keep the data on a persistent volume, or accept its loss with `emptydir-data: delete`.'
  ),
  'strategy-never-allows': blocks(
    'The strategy of the workload lets no pod be missing, and a rolling restart is not safe.',
    'Let the strategy allow one unavailable pod, or accept a short downtime with `allow-downtime`.'
  ),
  'would-go-down': blocks(
    'The workload has one replica, and a rolling restart is not safe.',
    'Run a second replica, or accept a short downtime with `allow-downtime`.'
  ),
  'own-pod': blocks(
    'This process runs in a pod on a node that is to be drained, and would evict itself.',
    'Run it outside the cluster or on another node group.'
  ),
  'version-skew': blocks(
    'The kubelet of the new nodes is not compatible with the control plane.',
    'Choose an image of the minor version of the control plane.'
  ),
  'ami-missing': blocks(
    'The image that was asked for, or the parameter that names it, does not exist in the region or may not be used by this account.',
    'Name an image that exists and that is shared with this account.'
  ),
  'ami-deprecated': blocks(
    'The image that was asked for is deprecated.',
    'Name a newer image, or let `ami: recommended` find it.'
  ),
  'ami-mismatch': blocks(
    'The image that was asked for has another architecture, operating system or family than the nodes that run, or a newer Kubernetes than the control plane.',
    'Name an image of the same family and architecture.'
  ),
  'ami-unknown-family': blocks(
    'The recommended image was asked for, and the present one is none that AWS publishes for EKS.',
    'Name the image itself with the input `ami`.'
  ),
  'ami-alias': blocks(
    'An image was asked for by its ID, and the launch template names an alias that means another one.',
    'Change the parameter, or use `ami: recommended`, which follows it.'
  ),
  'ami-template': blocks(
    'A template version with the image cannot be written, because the group launches a version by its number or shares its launch template with the active group.',
    'Give the group a launch template of its own and let it follow `$Latest`.'
  ),
  'ami-base': blocks(
    'The groups differ in more than the image, and it was not said whose other settings the new template version takes.',
    'Use the input `ami-base`.'
  ),
  'ami-root-snapshot': blocks(
    'The launch template creates the root volume from a snapshot, so the new image would not be what boots.',
    'Remove the snapshot of the root device from the launch template.'
  ),
  'ami-permissions': blocks(
    'The template version with the image may not be written, or not be removed again by a revert.',
    'Attach the second IAM policy, examples/iam-policy-ami.json.'
  ),
  'fits-nowhere': blocks(
    'Pods do not fit on any new node or on any remaining node.',
    'Compare what the pods require with the labels, taints and instance types of the inactive group.'
  ),
  'hostname-spread': blocks(
    'A spread over host names counts drained nodes, so the new nodes could not take all pods.',
    'Set `nodeTaintsPolicy: Honor` on the topology spread constraint.'
  ),
  'gate-not-good': blocks(
    'A gate is not good, or it cannot be asked, before anything was changed.',
    'Find out why the gate is not good, and start when it is.',
    'gate-not-good'
  ),
  'reverted-before': warns('The same change was reverted before.', 'Make sure that the cause of the revert is fixed.'),
  'follows-latest': warns(
    'The active group follows a template version that differs from what its nodes run.',
    'Set the active group to the version that its nodes run.'
  ),
  'target-groups': warns(
    'Both groups are attached to the same target group, and a run does not wait for its health checks.',
    'Watch the health of the targets during the upgrade.'
  ),
  'instance-without-node': warns(
    'An instance of the active group is not a node of the cluster.',
    'Find out why it has not joined, because it is terminated with the others.'
  ),
  'budget-blocked-now': warns(
    'The PodDisruptionBudget allows no eviction at the moment, because too few of its pods are healthy.',
    'Find out why the pods are not healthy.'
  ),
  'tolerates-cordoned-nodes': warns(
    'Pods tolerate cordoned nodes, so the scheduler may place them on one again.',
    'Remove the toleration, or leave these pods where they are.'
  ),
  'may-go-down': warns(
    'The workload may be unavailable for a moment, as `allow-downtime` accepts.',
    'Remove the workload from `allow-downtime` if this is not intended.'
  ),
  'job-waits': warns(
    'The run waits for pods of a Job, and ends as held if they outlast the drain.',
    'Start the upgrade after the Job, or let its pods be evicted with `jobs: evict`.'
  ),
  'labels-unknown': warns(
    'It is not known whether the new nodes will have labels that pods require.',
    'Declare the labels with tags of Cluster Autoscaler on the inactive group.'
  ),
  'room-short': warns(
    'The pods seem to need more room than the new nodes have.',
    'Let an autoscaler add nodes, or choose larger instances.'
  ),
  'credentials-expire': warns(
    'The AWS credentials expire before the upgrade is likely to end.',
    'Use credentials that live longer, or `role-to-assume`, which is refreshed during the run.'
  ),
  'timeout-short': warns(
    'The upgrade is likely to take longer than `timeout-minutes` allows.',
    'Raise `timeout-minutes`.'
  ),
  note: warns('Something happened during a run that is worth knowing.', 'Read the text of the finding.')
} as const satisfies Readonly<Record<string, RuleFacts>>

export type Rule = keyof typeof table

/** Rules whose findings stop an upgrade. */
export type BlockingRule = { [R in Rule]: (typeof table)[R]['blocks'] extends true ? R : never }[Rule]
/** Rules whose findings are only shown. */
export type WarningRule = Exclude<Rule, BlockingRule>

export const rules: Readonly<Record<Rule, RuleFacts>> = table
