/** The kubelet of the new nodes must be compatible with the control plane. A version that is not known is not judged. */
import { shellWord } from '../../model/shell-word.ts'
import { skewProblem } from '../../policy/version-skew.ts'
import { finding } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import { type Findings, nothing } from './check.ts'

type Versions = Pick<PlanFacts, 'inactive' | 'nodes' | 'runs' | 'launches' | 'serverVersion'>

export function kubeletVersion({ inactive, nodes, runs, launches, serverVersion }: Versions): Findings {
  const image = launches?.written.image ?? ''
  const named = versionInAlias(image)
  const isSameImage = image !== '' && runs.some((run) => run.written.image === image)
  const version = named ?? (isSameImage ? nodes[0]?.kubeletVersion : undefined)
  const problem = version && skewProblem(version, serverVersion)
  if (!problem) return nothing
  const server = /^v?(\d+\.\d+)/.exec(serverVersion)?.[1] ?? serverVersion
  const usual = `/aws/service/eks/optimized-ami/${server}/amazon-linux-2023/x86_64/standard/recommended/image_id`
  const parameter = named ? image.replace('resolve:ssm:', '').replace(named, server) : usual
  const remedy = `aws ssm get-parameter --name ${shellWord(parameter)}`
  return { blockers: [finding('version-skew', inactive.group.name, problem, remedy)], warnings: [] }
}

/**
 * The Kubernetes version in an image alias such as `resolve:ssm:/aws/service/eks/optimized-ami/1.33/…`.
 * https://docs.aws.amazon.com/autoscaling/ec2/userguide/using-systems-manager-parameters.html
 * Amazon Linux: https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html
 * Bottlerocket: https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id-bottlerocket.html
 * Windows: https://docs.aws.amazon.com/eks/latest/userguide/retrieve-windows-ami-id.html
 * Ubuntu: https://documentation.ubuntu.com/aws/en/latest/aws-how-to/instances/find-ubuntu-images/
 */
export function versionInAlias(image: string): string | undefined {
  if (!image.startsWith('resolve:ssm:')) return undefined
  return /(?:optimized-ami\/|aws-k8s-|EKS_Optimized-|eks(?:-pro)?\/[\d.]+\/)(\d+\.\d+)/.exec(image)?.[1]
}
