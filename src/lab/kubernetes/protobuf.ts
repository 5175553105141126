/**
 * kubectl and client-go send some bodies as protobuf. The lab reads the few that an upgrade of nodes needs (evictions, options
 * of a delete, access reviews, a namespace); all other kinds are refused. Answers are always JSON, which clients take.
 * Field numbers: generated.proto of k8s.io/api and k8s.io/apimachinery.
 */
import type { Raw } from './object.ts'

type Field = { name: string; type: 'text' | 'number' | 'bool' | 'texts' | 'map' | Schema }
interface Schema {
  [number: number]: Field
}

const text = (name: string): Field => ({ name, type: 'text' })
const metadata: Schema = {
  1: text('name'),
  2: text('generateName'),
  3: text('namespace'),
  11: { name: 'labels', type: 'map' },
  12: { name: 'annotations', type: 'map' }
}
const deleteOptions: Schema = {
  1: { name: 'gracePeriodSeconds', type: 'number' },
  2: { name: 'preconditions', type: { 1: text('uid'), 2: text('resourceVersion') } },
  4: text('propagationPolicy'),
  5: { name: 'dryRun', type: 'texts' }
}
const resourceAttributes: Schema = {
  1: text('namespace'),
  2: text('verb'),
  3: text('group'),
  4: text('version'),
  5: text('resource'),
  6: text('subresource'),
  7: text('name')
}
const nonResourceAttributes: Schema = { 1: text('path'), 2: text('verb') }

const kinds: Record<string, Schema> = {
  Eviction: { 1: { name: 'metadata', type: metadata }, 2: { name: 'deleteOptions', type: deleteOptions } },
  DeleteOptions: deleteOptions,
  Namespace: { 1: { name: 'metadata', type: metadata } },
  ConfigMap: { 1: { name: 'metadata', type: metadata }, 2: { name: 'data', type: 'map' } },
  SelfSubjectAccessReview: {
    2: {
      name: 'spec',
      type: {
        1: { name: 'resourceAttributes', type: resourceAttributes },
        2: { name: 'nonResourceAttributes', type: nonResourceAttributes }
      }
    }
  }
}

const MAGIC = Buffer.from('k8s\0')

/** The object as JSON would give it; undefined for a kind that is not read here. Throws for what is not protobuf. */
export function decodeProtobuf(bytes: Buffer): Raw | undefined {
  if (!bytes.subarray(0, 4).equals(MAGIC)) throw new RangeError('not a protobuf body of Kubernetes')
  const envelope = decode(bytes.subarray(4), { 1: { name: 'type', type: { 1: text('apiVersion'), 2: text('kind') } } })
  const raw = parts(bytes.subarray(4)).find(({ number }) => number === 2)?.value
  const schema = kinds[envelope.type?.kind]
  if (!schema || !Buffer.isBuffer(raw)) return undefined
  return { ...envelope.type, ...decode(raw, schema) }
}

function decode(bytes: Buffer, schema: Schema): Raw {
  const result: Raw = {}
  for (const { number, value } of parts(bytes)) {
    const field = schema[number]
    if (!field) continue
    const { name, type } = field
    if (type === 'number') result[name] = Number(value)
    else if (type === 'bool') result[name] = value !== 0n
    else if (!Buffer.isBuffer(value)) throw new RangeError(`field ${name} has the wrong type`)
    else if (type === 'text') result[name] = value.toString()
    else if (type === 'texts') result[name] = [...(result[name] ?? []), value.toString()]
    else if (type === 'map') {
      const entry = decode(value, { 1: text('key'), 2: text('value') })
      result[name] = { ...result[name], [entry.key ?? '']: entry.value ?? '' }
    } else result[name] = decode(value, type)
  }
  // Empty texts are unset fields.
  for (const [key, value] of Object.entries(result)) if (value === '') delete result[key]
  return result
}

function parts(bytes: Buffer): { number: number; value: bigint | Buffer }[] {
  const found: { number: number; value: bigint | Buffer }[] = []
  let at = 0
  const varint = () => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new RangeError('the body ends too early')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const wire = tag & 7
    if (wire === 0) found.push({ number: tag >> 3, value: varint() })
    else if (wire === 2) {
      const length = Number(varint())
      found.push({ number: tag >> 3, value: bytes.subarray(at, at + length) })
      at += length
    } else throw new RangeError(`wire type ${wire} is not used by Kubernetes`)
  }
  return found
}
