import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeSighting, PodSighting } from '../../../src/engine/model/report.ts'
import { createChronicle, type PodHistory } from '../../../src/report/chronicle/chronicle.ts'
import { journeysOf } from '../../../src/report/chronicle/journeys.ts'
import { chronicleOf } from '../played.ts'
import { sampleProgress, sampleResult, startAt } from '../sample.ts'

const one = async (name: string) => {
  const [chapter] = (await chronicleOf(name)).chapters()
  assert.ok(chapter)
  return chapter
}

test('every pod of an upgrade is seen to leave an outgoing node, and its replacement to become ready on an incoming one', async () => {
  const { pods, nodes, seenFromAt = 0 } = await one('calm-upgrade')
  const names = (side: string) => new Set(nodes.filter((node) => node.side === side).map(({ node }) => node))
  const journeys = journeysOf(pods, seenFromAt)
  assert.equal(journeys.length, 60)
  for (const { from, to } of journeys) {
    assert.ok(names('outgoing').has(from.spans.at(-1)?.node), from.name)
    assert.equal(from.spans.at(-1)?.state, 'gone')
    const ready = to?.spans.find(({ state }) => state === 'ready')
    assert.ok(names('incoming').has(ready?.node), `${from.name} -> ${to?.name}`)
    assert.equal(from.workload, to?.workload)
  }
  assert.equal(new Set(journeys.map(({ to }) => to?.uid)).size, 60, 'no pod comes in place of two')
})

test('nodes are seen to be launched, joined, used and cordoned, and those that are retired to go', async () => {
  const { nodes } = await one('calm-upgrade')
  const states = (side: string) =>
    new Set(nodes.filter((node) => node.side === side).map(({ spans }) => spans.map(({ state }) => state).join(' ')))
  assert.deepEqual([...states('incoming')], ['launching joining ready'])
  assert.deepEqual([...states('outgoing')], ['ready cordoned leaving gone'])
})

test('a revert takes pods back: those that came to incoming nodes leave them again', async () => {
  const { pods, nodes, turned, seenFromAt = 0 } = await one('broken-image')
  const incoming = new Set(nodes.filter(({ side }) => side === 'incoming').map(({ node }) => node))
  assert.deepEqual(
    turned.map(({ direction }) => direction),
    ['reverting']
  )
  const back = journeysOf(pods, seenFromAt).filter(({ from }) => incoming.has(from.spans.at(-1)?.node))
  assert.ok(back.length > 50, `${back.length} pods went back`)
  assert.ok(back.every(({ to }) => to && !incoming.has(to.spans.at(-1)?.node)))
})

test('what a resumed run saw begins with the look of the process that resumed it', async () => {
  const chronicle = await chronicleOf('killed-forward')
  const chapters = chronicle.chapters()
  const last = chapters.at(-1)
  assert.equal(last?.started?.resumed, true)
  assert.ok(last.seenFromAt !== undefined && last.seenFromAt >= last.started.at)
})

test('beyond what is kept, nodes and pods are counted', () => {
  const chronicle = createChronicle()
  const node = (index: number): NodeSighting => ({
    instance: `i-${index}`,
    side: 'outgoing',
    type: 'm7i.large',
    zone: 'a',
    state: 'ready'
  })
  const pod = (index: number): PodSighting => ({
    uid: `u-${index}`,
    namespace: 'shop',
    name: `web-${index}`,
    workload: 'shop/web',
    node: 'ip-1',
    state: 'ready'
  })
  chronicle.report({
    kind: 'seen',
    at: startAt,
    nodes: Array.from({ length: 5_003 }, (_, index) => node(index)),
    pods: Array.from({ length: 100_002 }, (_, index) => pod(index))
  })
  const [chapter] = chronicle.chapters()
  assert.deepEqual(chapter?.leftOut, { nodes: 3, pods: 2 })
  assert.equal(chapter?.nodes.length, 5_000)
  assert.equal(chapter?.pods.length, 100_000)
})

test('a wait lasts from the first look at which it is told to the first at which it is not', () => {
  const chronicle = createChronicle()
  const look = (seconds: number, seen: string[]) =>
    chronicle.report({
      kind: 'progress',
      at: startAt + seconds * 1000,
      progress: sampleProgress({
        at: startAt + seconds * 1000,
        workloads: [],
        waiting: seen.map((text) => ({ what: 'payments', seen: text }))
      })
    })
  look(10, ['payments-1 is not ready'])
  look(20, ['payments-1 is not ready'])
  look(25, ['payments-2 is not ready'])
  look(40, [])
  look(90, [])
  const [wait] = chronicle.chapters()[0]?.waits ?? []
  assert.deepEqual(wait, {
    direction: 'forward',
    stage: 'drain',
    what: 'payments',
    seen: ['payments-1 is not ready', 'payments-2 is not ready'],
    fromAt: startAt + 10_000,
    untilAt: startAt + 40_000
  })
})

test('what is told after a run has ended belongs to the next', () => {
  const chronicle = createChronicle()
  chronicle.ended(sampleResult({ group: 'one' }))
  chronicle.ended(sampleResult({ group: 'two' }))
  assert.deepEqual(
    chronicle.chapters().map(({ result }) => result?.group),
    ['one', 'two']
  )
})

test('a pod of a StatefulSet is matched with the one of its name, whatever came first', () => {
  const pod = (uid: string, name: string, spans: PodHistory['spans']): PodHistory => ({
    uid,
    namespace: 'shop',
    name,
    workload: 'shop/statefulset/db',
    spans
  })
  const left = (uid: string, name: string, at: number) =>
    pod(uid, name, [
      { at: 0, state: 'ready', node: 'old' },
      { at, state: 'leaving', node: 'old' },
      { at: at + 1, state: 'gone', node: 'old' }
    ])
  const came = (uid: string, name: string, at: number) => pod(uid, name, [{ at, state: 'ready', node: 'new' }])
  const journeys = journeysOf(
    [left('a', 'db-0', 10), left('b', 'db-1', 11), came('d', 'db-1', 20), came('c', 'db-0', 30)],
    0
  )
  assert.deepEqual(
    journeys.map(({ from, to }) => `${from.uid}${to?.uid}`),
    ['ac', 'bd']
  )
})
