// The suite's own eyes, tried with kubectl: a drain that keeps the budgets is seen as calm, and what is broken on purpose
// is seen as broken. A check that cannot fail is worth nothing.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { callsSince, isEviction, markAudit } from '../audit.ts'
import { check, skip } from '../expect.ts'
import { until } from '../ground.ts'
import { type EndToEndScenario, onGround } from '../run.ts'
import { shop } from '../workloads.ts'

export const observer: EndToEndScenario = {
  name: 'observer',
  what: 'the observer sees calm as calm and harm as harm',
  async run(testbed, keep) {
    const group = 'seen'
    await onGround(testbed, keep, { group, workloads: shop(`shop-${group}`, '1s') }, async ({ ground, observer }) => {
      const { kubernetes } = testbed
      const [command = '', ...before] = testbed.kubectl
      const kubectl = (...args: string[]) =>
        promisify(execFile)(command, [...before, '--kubeconfig', kubernetes.kubeconfig, ...args])
      const [first] = observer.nodesOf(ground.blue)
      const name = first?.metadata.name ?? ''
      const since = markAudit(testbed)
      await kubectl(
        'drain',
        name,
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--pod-selector',
        'app in (web,api,search)'
      )
      const evictions = callsSince(testbed, since, 'system:masters')?.filter(isEviction)
      if (evictions) check('the audit log counts the evictions of a drain', evictions.length > 0, `${evictions.length}`)
      else skip('evictions', 'no audit log here')
      check('a drain breaks no budget', observer.brokenBudgets.length === 0, observer.brokenBudgets)
      const left = observer
        .podsOn(ground.blue)
        .filter(({ node, workload }) => node === name && /\/(web|api|search)$/.test(workload))
      check(
        'the drained pods are seen to be gone',
        left.length === 0,
        left.map((pod) => pod.name)
      )

      await kubectl('-n', ground.namespace, 'delete', 'pods', '--wait=false', '-l', 'app in (pair,web)')
      await until('the observer has seen it', 10, () => observer.gaps.length > 0 && observer.brokenBudgets.length > 0)
      const gaps = observer.gaps.map(({ workload }) => workload)
      check('a workload without a ready pod is seen', gaps.includes(`${ground.namespace}/Deployment/pair`), gaps)
      const breaks = observer.brokenBudgets.map(({ budget }) => budget)
      check('a broken budget is seen', breaks.includes(`${ground.namespace}/web`), breaks)

      await Promise.all(
        observer
          .nodesOf(ground.blue)
          .map(({ metadata }) => kubernetes.patch(`/api/v1/nodes/${metadata.name}`, { spec: { unschedulable: true } }))
      )
      await until('the observer has seen the cordons', 10, () => observer.bothCordoned.length > 0)
      check('both sides cordoned is seen', observer.bothCordoned.length === 1, observer.bothCordoned.length)
    })
  }
}
