import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gateEntries, gateOfName, parseGate, shownEntry } from '../../src/gates/gate.ts'

const nameOf = (entry: string) => {
  const gate = parseGate(entry)
  return 'problem' in gate ? gate.problem : gate.name
}

test('gates are a list by lines, and by commas only where the next one begins', () => {
  assert.deepEqual(gateEntries('https://a.example/x?ids=1,2\nalarm:errors, rate\n\ncommand:./smoke --only a,b'), [
    'https://a.example/x?ids=1,2',
    'alarm:errors, rate',
    'command:./smoke --only a,b'
  ])
  assert.deepEqual(gateEntries('https://a.example, alarm:errors,command:./smoke,alarm:errors'), [
    'https://a.example',
    'alarm:errors',
    'command:./smoke'
  ])
})

test('a name holds no query, no user and no argument, and yet two that differ in them have two names', () => {
  const url = 'https://shop.example:8443/healthz'
  assert.equal(nameOf(url), url)
  assert.equal(nameOf(`${url}#top`), url)
  for (const secret of [`${url}?token=hunter2`, 'https://me:hunter2@shop.example:8443/healthz']) {
    assert.match(nameOf(secret), /^https:\/\/shop\.example:8443\/healthz\?…\([0-9a-f]{6}\)$/)
  }
  assert.notEqual(nameOf(`${url}?token=a`), nameOf(`${url}?token=b`))
  assert.equal(nameOf('command:./smoke.sh'), 'command:./smoke.sh')
  assert.match(nameOf('command:TOKEN=hunter2 curl -H hunter2 x'), /^command:curl … \([0-9a-f]{6}\)$/)
  assert.equal(nameOf('alarm:shop errors'), 'alarm:shop errors')
})

test('what is no gate says what would be right, and shows no secret', () => {
  const wrong: Record<string, RegExp> = {
    'ftp://shop.example': /it must be https:/,
    errors: /it must be https:/,
    'https://': /it must be https:/,
    'alarm:': /1 to 255 characters/,
    'alarm:arn:aws:cloudwatch:eu-west-1:111122223333:alarm:errors': /not its ARN/,
    'command: ': /no command/,
    'http://shop.example/healthz': /only allowed to this machine/,
    'http://127.0.0.1.example/healthz': /only allowed to this machine/,
    'command:curl … (1f3a9c)': /it is shortened/
  }
  for (const [entry, right] of Object.entries(wrong)) assert.match(nameOf(entry), right, entry)
  for (const entry of ['http://localhost:8080/', 'http://127.0.0.1/x', 'http://[::1]:1/'])
    assert.equal(nameOf(entry), entry)
  for (const entry of ['htps://me:hunter2@shop.example', 'ftp://x/?token=hunter2', 'command:curl hunter2'])
    assert.doesNotMatch(shownEntry(entry), /hunter2/)
})

test('a record can name an alarm or a plain URL, never a command and nothing that is hidden', () => {
  assert.equal(gateOfName('alarm:errors')?.kind, 'alarm')
  assert.equal(gateOfName('https://shop.example/healthz')?.kind, 'url')
  assert.equal(gateOfName('command:./smoke.sh'), undefined)
  assert.equal(gateOfName('https://shop.example/healthz?…(1f3a9c)'), undefined)
})
