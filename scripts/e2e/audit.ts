// Counts what the product asked of both APIs, from what the servers themselves wrote down.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { Testbed } from './testbed.ts'

/** One request to the API server, once it was answered. */
export interface AuditedCall {
  at: number
  verb: string
  resource: string
  subresource: string
  namespace: string
  name: string
  code: number
  userAgent: string
  user: string
}

export interface AuditMark {
  readonly offset: number
}

/** Now, in the audit log; what was asked before does not count. */
export function markAudit(testbed: Testbed): AuditMark {
  if (!testbed.auditLog) return { offset: 0 }
  const file = openSync(testbed.auditLog, 'r')
  try {
    return { offset: fstatSync(file).size }
  } finally {
    closeSync(file)
  }
}

/** Calls since the mark by users of the group `upgraders`, which is what the product runs as; undefined without a log. */
export function callsSince(testbed: Testbed, mark: AuditMark, group = 'upgraders'): AuditedCall[] | undefined {
  if (!testbed.auditLog) return undefined
  const calls: AuditedCall[] = []
  const seen = new Set<string>()
  for (const line of linesFrom(testbed.auditLog, mark.offset)) {
    const event = JSON.parse(line)
    // A watch is written twice, when it begins and when it ends; it is one call.
    if (!event.user.groups?.includes(group) || seen.has(event.auditID)) continue
    seen.add(event.auditID)
    const ref = event.objectRef ?? {}
    calls.push({
      at: Date.parse(event.requestReceivedTimestamp),
      verb: event.verb,
      resource: ref.resource ?? event.requestURI,
      subresource: ref.subresource ?? '',
      namespace: ref.namespace ?? '',
      name: ref.name ?? '',
      code: event.responseStatus?.code ?? 0,
      userAgent: event.userAgent ?? '',
      user: event.user.username
    })
  }
  return calls
}

function linesFrom(path: string, offset: number): string[] {
  const file = openSync(path, 'r')
  try {
    const size = fstatSync(file).size - offset
    const bytes = Buffer.alloc(Math.max(size, 0))
    readSync(file, bytes, 0, bytes.length, offset)
    const lines = bytes.toString('utf8').split('\n')
    lines.pop() // empty, or a line that is being written
    return lines
  } finally {
    closeSync(file)
  }
}

const readingVerbs = new Set(['get', 'list', 'watch'])

/** Asking what one may do is a POST, and writes nothing. */
function isAccessReview(call: AuditedCall): boolean {
  return call.resource.startsWith('selfsubject')
}

export function isWrite(call: AuditedCall): boolean {
  return !readingVerbs.has(call.verb) && !isAccessReview(call)
}

export function isEviction(call: AuditedCall): boolean {
  return call.verb === 'create' && call.resource === 'pods' && call.subresource === 'eviction'
}

/** Such as `create leases 201 ×2, patch nodes 200 ×12`. */
export function summarize(calls: readonly AuditedCall[]): string {
  const counts = new Map<string, number>()
  for (const call of calls) {
    const resource = call.subresource ? `${call.resource}/${call.subresource}` : call.resource
    const key = `${call.verb} ${resource} ${call.code}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return sorted.map(([key, count]) => `${key} ×${count}`).join(', ') || 'nothing'
}

export interface AwsCall {
  service: string
  action: string
  status: number
  at: number
}

export async function clearAwsCalls(testbed: Testbed): Promise<void> {
  await testbed.aws.emulator('DELETE', '/_emulator/calls')
}

/** What was asked of AWS since the record was cleared; undefined where the endpoint keeps none. */
export async function awsCalls(testbed: Testbed): Promise<AwsCall[] | undefined> {
  return (await testbed.aws.emulator('GET', '/_emulator/calls')) as AwsCall[] | undefined
}

/** 412 and 501 change nothing: the answers to a dry run, and to what the emulator cannot do. */
export function isAwsWrite({ action, status }: AwsCall): boolean {
  return status !== 412 && status !== 501 && !/^(Describe|Get|List|AssumeRole|GET )/.test(action)
}
