// The reference testbed: 20 nodes, 20 Deployments of 20 replicas with a budget of 25 % each; pods take 5 s to become ready
// and 10 s to stop; instances and nodes 2 s each. What moves the pods differs; what is measured does not.
import { type AuditMark, callsSince, isEviction, markAudit, summarize } from '../e2e/audit.ts'
import { clearGround, type Ground, makeGround, sideLabel, until } from '../e2e/ground.ts'
import { type Observer, observe } from '../e2e/observer.ts'
import type { Testbed } from '../e2e/testbed.ts'
import { runCli, start, tail } from '../e2e/tool.ts'
import { budget, deployment, type Made } from '../e2e/workloads.ts'

export interface Moved {
  what: string
  'drain, s': string
  'whole, s': string
  'calls a pod': string
  '429 an eviction': string
  'pods moved': number
  'budgets broken': number
  'without a ready pod': number
}

const perNode = 20

function workloads(namespace: string, nodes: number): Made[] {
  return Array.from({ length: nodes }, (_, index) => `app-${index + 1}`).flatMap((name) => [
    deployment(namespace, name, perNode, { readyAfter: '5s', stopsAfter: '10s' }),
    budget(namespace, name, { maxUnavailable: '25%' })
  ])
}

async function onTestbed(
  testbed: Testbed,
  nodes: number,
  group: string,
  what: string,
  move: (ground: Ground, observer: Observer) => Promise<{ wholeSeconds: number; since: AuditMark }>
): Promise<Moved> {
  const tags = { 'simulated/launches-after': '2', 'simulated/joins-after': '2s' }
  const ground = await makeGround(testbed, {
    group,
    nodes,
    workloads: workloads(`shop-${group}`, nodes),
    tags,
    settleSeconds: 180
  })
  const observer = await observe(testbed.kubernetes, ground)
  try {
    const pods = observer.podsOn(ground.blue).length
    console.log(`${what}: ${nodes} nodes, ${pods} pods`)
    observer.start()
    let emptyAt = 0
    const wanted = nodes * perNode
    // Moved is when nothing of it is left on the one side and everything serves on the other.
    const watched = observer
      .when('all has moved', 900, () => {
        const there = observer.podsOn(ground.green)
        return (
          there.filter(({ ready, leaving }) => ready && !leaving).length >= wanted &&
          observer.podsOn(ground.blue).length === 0
        )
      })
      .then(() => {
        emptyAt = Date.now()
      })
    const { wholeSeconds, since } = await move(ground, observer)
    await watched
    const calls = callsSince(testbed, since) ?? []
    const evictions = calls.filter(isEviction)
    const accepted = evictions.filter(({ code }) => code < 300).length
    const refused = evictions.filter(({ code }) => code === 429).length
    const firstAt = Math.min(...evictions.map(({ at }) => at))
    console.log(`  ${summarize(calls)}`)
    console.log(
      `  evictions accepted in second 0, 1, …: ${perSecond(
        evictions.filter(({ code }) => code < 300),
        firstAt
      )}`
    )
    return {
      what,
      'drain, s': ((emptyAt - firstAt) / 1000).toFixed(1),
      'whole, s': wholeSeconds.toFixed(1),
      'calls a pod': (calls.length / pods).toFixed(2),
      '429 an eviction': (refused / accepted).toFixed(2),
      'pods moved': accepted,
      'budgets broken': observer.brokenBudgets.length,
      'without a ready pod': observer.gaps.length
    }
  } finally {
    observer.stop()
    await clearGround(testbed, ground)
  }
}

/** Shows the waves, and so what each of them waited for. */
function perSecond(calls: readonly { at: number }[], from: number): string {
  const counts: number[] = []
  for (const { at } of calls) {
    const second = Math.floor((at - from) / 1000)
    counts[second] = (counts[second] ?? 0) + 1
  }
  return Array.from(counts, (count) => count ?? 0).join(' ')
}

export function measureUpgrade(testbed: Testbed, nodes: number): Promise<Moved> {
  return onTestbed(testbed, nodes, 'ours', 'eks-node-upgrade', async () => {
    const since = markAudit(testbed)
    const options = { 'stable-seconds': '1', 'soak-minutes': '0', 'canary-nodes': '0' }
    const run = await runCli(testbed, 'upgrade', { options })
    if (run.code !== 0) throw new Error(`the upgrade ended with ${run.code}:\n${tail(run.output)}`)
    return { wholeSeconds: run.seconds, since }
  })
}

/** The nodes of the other side stand ready beforehand and the old ones are all cordoned: the best that kubectl can do. */
export function measureDrain(testbed: Testbed, nodes: number, atOnce: number): Promise<Moved> {
  const what = atOnce === 1 ? 'kubectl drain, one by one' : `kubectl drain, ${atOnce} at once`
  return onTestbed(testbed, nodes, `drain-${atOnce}`, what, async (ground, observer) => {
    await launch(testbed, ground.green, nodes)
    const names = observer.nodesOf(ground.blue).map(({ metadata }) => metadata.name)
    const [command = '', ...before] = testbed.kubectl
    const kubectl = async (...args: string[]) => {
      const given = [...before, '--kubeconfig', testbed.toolKubeconfig, ...args]
      const { code, output } = await start(command, given, { ...process.env }).ended
      if (code !== 0) throw new Error(`kubectl ${args[0]} ended with ${code}:\n${tail(output, 5).slice(0, 2000)}`)
    }
    const since = markAudit(testbed)
    const startedAt = Date.now()
    await kubectl('cordon', ...names)
    const left = [...names]
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (let name = left.shift(); name !== undefined; name = left.shift())
          await kubectl('drain', name, '--ignore-daemonsets', '--delete-emptydir-data')
      })
    )
    return { wholeSeconds: (Date.now() - startedAt) / 1000, since }
  })
}

async function launch(testbed: Testbed, group: string, nodes: number): Promise<void> {
  const sizes = { MinSize: 0, MaxSize: nodes, DesiredCapacity: nodes }
  await testbed.aws.autoScaling.updateAutoScalingGroup({ AutoScalingGroupName: group, ...sizes })
  await until('the other side stands', 60, async () => {
    const found = await testbed.kubernetes.list(`/api/v1/nodes?labelSelector=${sideLabel}%3D${group}`)
    // Nothing else reads the groups, and the emulator lets time pass only when they are read.
    const { AutoScalingGroups = [] } = await testbed.aws.autoScaling.describeAutoScalingGroups({
      AutoScalingGroupNames: [group]
    })
    return found.items.length === nodes && AutoScalingGroups.every(({ DesiredCapacity }) => DesiredCapacity === nodes)
  })
}
