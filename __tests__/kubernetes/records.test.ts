import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lease } from '../../src/engine/model/cluster.ts'
import { connected } from './connected.ts'
import { type FakeApiServer, fakeApiServer, json } from './fake-api-server.ts'

/** One object under a name, with the compare-and-swap of the API server. */
async function single() {
  const api = await fakeApiServer()
  // biome-ignore lint/suspicious/noExplicitAny: any object
  const world: { stored: any; api: FakeApiServer } = { stored: undefined, api }
  let version = 10
  const save = (body: object & { metadata: object }) => {
    world.stored = { ...body, metadata: { ...body.metadata, resourceVersion: String(++version) } }
    return world.stored
  }
  api.intercept = ({ method, body }, response) => {
    if (method === 'POST') return world.stored ? json(response, 409, {}) : json(response, 201, save(body))
    if (!world.stored) return json(response, 404, { reason: 'NotFound' })
    if (method === 'GET') return json(response, 200, world.stored)
    const current = body.metadata.resourceVersion === world.stored.metadata.resourceVersion
    return current ? json(response, 200, save(body)) : json(response, 409, {})
  }
  return Object.assign(world, { ...(await connected(api)), [Symbol.asyncDispose]: api.stop })
}

test('records are created, read, changed and emptied, and the object stays', async () => {
  await using world = await single()
  assert.deepEqual(await world.records.read(), { entries: {}, version: undefined })
  const first = await world.records.write('workers', '{"a":1}', undefined)
  assert.equal(world.stored.metadata.name, 'eks-node-upgrade')
  assert.equal(world.stored.metadata.namespace, 'kube-system')
  const second = await world.records.write('other', 'x', first)
  assert.deepEqual(await world.records.read(), { entries: { workers: '{"a":1}', other: 'x' }, version: second })
  const third = await world.records.write('workers', undefined, second)
  const fourth = await world.records.write('other', undefined, third)
  assert.deepEqual(await world.records.read(), { entries: {}, version: fourth })
})

test('whoever comes second writes nothing', async () => {
  await using world = await single()
  const first = await world.records.write('a', '1', undefined)
  assert.equal(await world.records.write('a', '2', undefined), undefined)
  const second = await world.records.write('a', '2', first)
  assert.equal(await world.records.write('a', '3', first), undefined)
  assert.deepEqual(await world.records.read(), { entries: { a: '2' }, version: second })
})

test('a write by others between read and write is not overwritten', async () => {
  await using world = await single()
  const version = await world.records.write('a', '1', undefined)
  world.stored = { ...world.stored, metadata: { ...world.stored.metadata, resourceVersion: '99' } }
  assert.equal(await world.records.write('a', '2', version), undefined)
  assert.equal(world.stored.data.a, '1')
})

test('what others put into the object is kept', async () => {
  await using world = await single()
  world.stored = {
    metadata: { name: 'eks-node-upgrade', annotations: { team: 'platform' }, resourceVersion: '5' },
    data: { note: 'ours' }
  }
  await world.records.write('a', '1', '5')
  assert.deepEqual(world.stored.data, { note: 'ours', a: '1' })
  assert.equal(world.stored.metadata.annotations.team, 'platform')
})

test('a long entry is compressed, and read back as it was written', async () => {
  await using world = await single()
  const text = 'baseline '.repeat(20_000)
  await world.records.write('a', text, undefined)
  assert.match(world.stored.data.a, /^gzip:/)
  assert.ok(world.stored.data.a.length < 10_000)
  assert.equal((await world.records.read()).entries.a, text)
})

test('a compressed entry that is damaged is handed on as it is', async () => {
  await using world = await single()
  world.stored = { metadata: { resourceVersion: '5' }, data: { a: 'gzip:AAAA' } }
  assert.equal((await world.records.read()).entries.a, 'gzip:AAAA')
})

const lease: Lease = {
  holder: 'run-1',
  holderDetails: 'host a, https://example.com/runs/1',
  acquiredAt: Date.UTC(2026, 10, 24, 10, 0, 0, 123),
  renewedAt: Date.UTC(2026, 10, 24, 10, 0, 10, 4),
  durationSeconds: 30,
  transitions: 3
}

test('a lease is read back as it was written, with times as the API wants them', async () => {
  await using world = await single()
  assert.equal(await world.leases.read(), undefined)
  const version = await world.leases.write(lease, undefined)
  assert.deepEqual(await world.leases.read(), { lease, version })
  assert.equal(world.stored.spec.acquireTime, '2026-11-24T10:00:00.123000Z')
  assert.equal(world.stored.spec.renewTime, '2026-11-24T10:00:10.004000Z')
})

test('a lease is swapped only by who has read it last', async () => {
  await using world = await single()
  const first = await world.leases.write(lease, undefined)
  assert.equal(await world.leases.write({ ...lease, holder: 'run-2' }, undefined), undefined)
  const second = await world.leases.write({ ...lease, holder: 'run-2' }, first)
  assert.equal(await world.leases.write(lease, first), undefined)
  assert.equal((await world.leases.read())?.version, second)
})

test('a lease that is given back has no holder, and no details of one', async () => {
  await using world = await single()
  const first = await world.leases.write(lease, undefined)
  await world.leases.write({ ...lease, holder: '', holderDetails: '' }, first)
  assert.equal('holderIdentity' in world.stored.spec, false)
  const read = await world.leases.read()
  assert.equal(read?.lease.holder, '')
  assert.equal(read?.lease.holderDetails, '')
})

test('a lease that vanished between read and write is a lost race', async () => {
  await using world = await single()
  const version = await world.leases.write(lease, undefined)
  world.stored = undefined
  assert.equal(await world.leases.write(lease, version), undefined)
})
