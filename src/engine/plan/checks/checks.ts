/**
 * Every family of rules, in the order in which findings are told. A new family is a file beside this one and a line here; its rules
 * stand in model/rules.ts. Rules about tags are asked before there is a pair of groups: node-group-tags.ts.
 */
import { access } from './access.ts'
import { activeGroup } from './active-group.ts'
import { attachedResources } from './attached-resources.ts'
import { budgets } from './budgets.ts'
import { type Check, ofSides } from './check.ts'
import { comparison } from './comparison.ts'
import { deadlines } from './deadlines.ts'
import { groupSettings } from './group-settings.ts'
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
  ofSides(template),
  ofSides(comparison),
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
