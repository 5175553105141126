/** Names of everything of ours that can be seen in a console. The first three are settled (contract); all lie below one prefix. */

export const objectName = 'eks-node-upgrade'
export const objectNamespace = 'kube-system'

/** Tag on both groups while a run is open: its id. */
export const runTag = 'eks-node-upgrade/run'
/** Tag on both groups while a run is open: sizes and suspensions as found, in words. */
export const originalsTag = 'eks-node-upgrade/originals'
/** Tag on a group that was retired: when, by which run, in words. */
export const retiredTag = 'eks-node-upgrade/retired'
/** Tag on a group that was retired: fingerprints of what it was configured to launch. */
export const retiredConfigurationTag = 'eks-node-upgrade/retired-configuration'

/** Annotation on a node that we cordoned: the run's id. */
export const cordonedByMark = 'eks-node-upgrade/cordoned-by'
/** Label on a workload that we restarted: run id and direction (annotations of a Deployment are copied to its ReplicaSets). */
export const restartedByMark = 'eks-node-upgrade/restarted-by'

// Names that Kubernetes and AWS gave, wherever more than one file needs them.

/** The taint of a cordoned node. https://kubernetes.io/docs/reference/labels-annotations-taints/#node-kubernetes-io-unschedulable */
export const cordonedTaint = { key: 'node.kubernetes.io/unschedulable', value: '', effect: 'NoSchedule' } as const
/** https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetesiohostname */
export const hostnameLabel = 'kubernetes.io/hostname'
/** https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesiozone */
export const zoneLabel = 'topology.kubernetes.io/zone'
/**
 * Every label in which a node's zone may be written: the present one, the one that Kubernetes deprecated in 1.17, and that of the
 * EBS CSI driver. https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/v1.0.0/pkg/driver/driver.go
 */
export const zoneLabels: readonly string[] = [
  zoneLabel,
  'failure-domain.beta.kubernetes.io/zone',
  'topology.ebs.csi.aws.com/zone'
]
