/**
 * Every family of rules, in the order of the findings. A new family is a file beside this one and a line here; its rules are rows of
 * model/rules.ts. The rules about tags (node-group-tags.ts) are checked before there is a pair of groups.
 */
import { access } from './access.ts'
import { activeGroup } from './active-group.ts'
import { attachedResources } from './attached-resources.ts'
import { budgets } from './budgets.ts'
import { type Check, ofSides } from './check.ts'
import { comparison } from './comparison.ts'
import { deadlines } from './deadlines.ts'
import { expectedPlan } from './expected-plan.ts'
import { gates } from './gates.ts'
import { groupSettings } from './group-settings.ts'
import { image } from './image.ts'
import { kubeletVersion } from './kubelet-version.ts'
import { nodes } from './nodes.ts'
import { ownPod } from './own-pod.ts'
import { pods } from './pods.ts'
import { schedulingFit } from './scheduling-fit.ts'
import { template } from './template.ts'
import { workloads } from './workloads.ts'

export const checks: readonly Check[] = [
  activeGroup,
  access,
  gates,
  ofSides(expectedPlan),
  ofSides(template),
  ofSides(comparison),
  ofSides(image),
  ofSides(groupSettings),
  ofSides(attachedResources),
  ofSides(nodes),
  ofSides(budgets),
  ofSides(workloads),
  ofSides(pods),
  ofSides(ownPod),
  ofSides(kubeletVersion),
  ofSides(schedulingFit),
  ofSides(deadlines)
]
