import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Records } from '../../../src/engine/model/cluster.ts'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import type { GroupRecord } from '../../../src/engine/record/record.ts'
import { recordKey } from '../../../src/engine/record/record-shape.ts'
import { openRecordStore, saveRecord } from '../../../src/engine/record/record-store.ts'
import { virtualClock } from '../../../src/lab/clock.ts'
import { engineClock, run } from '../sample.ts'

const lost = () => new UpgradeError('no reply', { code: 'kubernetes', outcome: 'halted', hint: '' })
const unreachable = () => new UpgradeError('no answer', { code: 'cluster-unreachable', outcome: 'refused', hint: '' })

/** The ConfigMap, with what can happen to a write. */
function configMap(entries: Record<string, string> = {}) {
  let version = Object.keys(entries).length > 0 ? 1 : 0
  const trouble: ('reply-lost' | 'not-sent' | 'others-key' | 'unreachable')[] = []
  let writes = 0
  let readsFail = 0
  const records: Records = {
    async read() {
      if (readsFail > 0) {
        readsFail -= 1
        throw unreachable()
      }
      return { entries: { ...entries }, version: version === 0 ? undefined : String(version) }
    },
    async write(key, text, expected) {
      writes += 1
      const next = trouble.shift()
      if (next === 'not-sent') throw lost()
      if (next === 'others-key') {
        entries['other-group'] = '{"version":1,"group":"other"}'
        version += 1
      }
      if ((expected ?? '0') !== String(version)) return undefined
      if (text !== undefined) entries[key] = text
      version += 1
      if (next === 'reply-lost') throw lost()
      return String(version)
    }
  }
  return {
    records,
    entries,
    trouble,
    writes: () => writes,
    failReads(count: number) {
      readsFail = count
    },
    /** Somebody else's write of any key. */
    put(key: string, text: string | undefined) {
      if (text === undefined) delete entries[key]
      else entries[key] = text
      version += 1
    }
  }
}

const key = recordKey('workers')
const record = (over: Partial<GroupRecord> = {}): GroupRecord => ({ version: 1, group: 'workers', ...over })

describe('a record store', () => {
  it('begins with an empty record where there is no ConfigMap, and creates it', async () => {
    const map = configMap()
    const store = await openRecordStore(map.records, 'workers')
    assert.equal(store.current().run, undefined)
    await store.save(record({ run: run() }))
    assert.equal(store.current().run?.id, 'run-1')
    assert.equal(JSON.parse(map.entries[key] ?? '').run.id, 'run-1')
  })

  it('takes a write whose reply was lost for what it is: written, once', async () => {
    const map = configMap()
    const store = await openRecordStore(map.records, 'workers')
    map.trouble.push('reply-lost')
    await store.save(record({ run: run() }))
    assert.equal(map.writes(), 1)
    assert.equal(store.current().run?.id, 'run-1')
    await store.save(record())
    assert.equal(JSON.parse(map.entries[key] ?? '').run, undefined)
  })

  it('writes again what never arrived', async () => {
    const map = configMap()
    const store = await openRecordStore(map.records, 'workers')
    map.trouble.push('not-sent', 'not-sent')
    await store.save(record({ run: run() }))
    assert.equal(map.writes(), 3)
    assert.ok(map.entries[key])
  })

  it('is not disturbed by another group whose record is written meanwhile, and keeps that one', async () => {
    const map = configMap({ [key]: JSON.stringify(record()) })
    const store = await openRecordStore(map.records, 'workers')
    map.trouble.push('others-key')
    await store.save(record({ run: run() }))
    assert.ok(map.entries['other-group'])
    assert.equal(JSON.parse(map.entries[key] ?? '').run.id, 'run-1')
  })

  it('stops where somebody else has written the same record: another engine is at work', async () => {
    const map = configMap({ [key]: JSON.stringify(record()) })
    const store = await openRecordStore(map.records, 'workers')
    map.put(key, JSON.stringify(record({ run: run({ id: 'run-2' }) })))
    await assert.rejects(
      store.save(record({ run: run() })),
      (error) =>
        error instanceof UpgradeError && error.details.code === 'lock-lost' && error.details.outcome === 'halted'
    )
    assert.equal(JSON.parse(map.entries[key] ?? '').run.id, 'run-2')
  })

  it('writes a record that somebody removed again, from what it read last', async () => {
    const map = configMap({ [key]: JSON.stringify(record()) })
    const store = await openRecordStore(map.records, 'workers')
    map.put(key, undefined)
    await store.save(record({ run: run() }))
    assert.equal(JSON.parse(map.entries[key] ?? '').run.id, 'run-1')
  })

  it('says whether the record is another than the one that it knew', async () => {
    const map = configMap({ [key]: JSON.stringify(record()) })
    const store = await openRecordStore(map.records, 'workers')
    assert.equal(await store.reload(), false)
    map.put('another-key', JSON.stringify(record({ group: 'another' })))
    assert.equal(await store.reload(), false)
    assert.deepEqual(
      store.others().map((other) => other.group),
      ['another']
    )
    map.put(key, JSON.stringify(record({ run: run() })))
    assert.equal(await store.reload(), true)
  })
})

describe('saving while the API server has a bad moment', () => {
  const lock = { held: () => true }

  it('waits until the server answers again', async () => {
    const clock = virtualClock()
    const map = configMap({ [key]: JSON.stringify(record()) })
    const store = await openRecordStore(map.records, 'workers')
    map.trouble.push('not-sent', 'not-sent', 'not-sent')
    map.failReads(3)
    await clock.run(saveRecord(store, record({ run: run() }), { clock: engineClock(clock), lock }))
    assert.equal(JSON.parse(map.entries[key] ?? '').run.id, 'run-1')
  })

  it('ends when the lock cannot be kept either', async () => {
    const clock = virtualClock()
    const map = configMap({ [key]: JSON.stringify(record()) })
    const store = await openRecordStore(map.records, 'workers')
    map.trouble.push('not-sent', 'not-sent')
    map.failReads(9)
    const saving = saveRecord(store, record({ run: run() }), { clock: engineClock(clock), lock: { held: () => false } })
    await assert.rejects(clock.run(saving), UpgradeError)
    assert.equal(map.writes(), 1)
  })

  it('does not repeat what another engine has decided', async () => {
    const clock = virtualClock()
    const map = configMap({ [key]: JSON.stringify(record()) })
    const store = await openRecordStore(map.records, 'workers')
    map.put(key, JSON.stringify(record({ run: run({ id: 'run-2' }) })))
    await assert.rejects(
      clock.run(saveRecord(store, record({ run: run() }), { clock: engineClock(clock), lock })),
      (error) => error instanceof UpgradeError && error.details.code === 'lock-lost'
    )
    assert.equal(map.writes(), 1)
  })
})
