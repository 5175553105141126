import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { defaultSettings, type Settings } from '../../src/engine/model/settings.ts'
import { run } from '../../src/engine/run/run.ts'
import { connect } from '../../src/entry/connect.ts'
import { budget, daemonSet, deployment, statefulSet } from '../../src/lab/joined/workloads.ts'
import { observeLab } from '../../src/lab/observer/observer.ts'
import { type ServedLab, serveLab } from '../../src/lab/serve.ts'
import { typedAs } from '../../src/report/commands.ts'

const objects = [
  deployment('web', 6),
  budget('web', { maxUnavailable: 2 }),
  deployment('ledger', 1),
  statefulSet('db', 2),
  daemonSet('agent')
]
const settings: Settings = {
  ...defaultSettings,
  cluster: 'shop',
  stableMs: 100,
  soakMs: 100,
  canaryNodes: 0
}
let served: ServedLab
const saved = { ...process.env }

before(async () => {
  const pace = { launchAfterMs: 2_000, joinAfterMs: 2_000, terminateAfterMs: 2_000 }
  served = await serveLab({ world: { objects, nodeGroups: [{ nodes: 3, ...pace }] }, steps: [] }, { speed: 20 })
  for (const name of Object.keys(process.env)) if (/^AWS_|^KUBE/.test(name)) delete process.env[name]
  Object.assign(process.env, served.env)
})

after(async () => {
  await served.close()
  process.env = saved
  assert.equal(existsSync(served.env.KUBECONFIG ?? ''), false)
})

async function carryOut(mode: Settings['mode'], kubeconfig?: object) {
  const asked = { ...settings, mode }
  const connection = { region: 'eu-west-1', ...(kubeconfig ? { kubeconfig } : {}) }
  const connected = await connect(asked, connection as never, {
    host: { name: 'test' },
    wording: typedAs('eks-node-upgrade')
  })
  const ports = await connected.ports({ report() {} })
  return run(asked, ports, new AbortController().signal)
}

test('the real adapters plan, upgrade and find nothing more to do on a served lab', async () => {
  const observer = observeLab(served.lab)
  const planned = await carryOut('plan')
  assert.equal(planned.outcome, 'planned', planned.reason?.message)
  const upgraded = await carryOut('upgrade')
  assert.equal(upgraded.outcome, 'upgraded', upgraded.reason?.message)
  assert.equal(upgraded.activeGroup, 'shop-workers-green')
  const again = await carryOut('upgrade', { path: served.env.KUBECONFIG })
  assert.equal(again.outcome, 'unchanged', again.reason?.message)
  observer.ended({ outcome: 'upgraded' })
  // From here only the world is seen and not who called: whether an instance went by id cannot be told.
  assert.deepEqual(
    observer.violations.filter(({ invariant }) => invariant !== 'I6'),
    []
  )
  assert.deepEqual(observer.gaps, [])
  observer.stop()
})

test('the kubeconfig that it prints is for kubectl, too', () => {
  const document = JSON.parse(readFileSync(served.env.KUBECONFIG ?? '', 'utf8'))
  assert.equal(document.kind, 'Config')
  assert.match(document.clusters[0].cluster.server, /^https:\/\/127\.0\.0\.1:\d+$/)
})
