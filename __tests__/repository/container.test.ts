import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inputsOf } from '../../src/inputs/inputs.ts'
import { filesLike, read } from './sources.ts'

const dockerfile = read('Dockerfile')
const manifests = filesLike('examples/kubernetes/*.yaml')

test('every base of the image is pinned by its digest', () => {
  const bases = [...dockerfile.matchAll(/^FROM (.*)$/gm)].map(([, base = '']) => base)
  assert.ok(bases.length > 0)
  for (const base of bases) assert.match(base, /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/)
})

test('the image runs as a number that is not root, has no health check, and starts the command line', () => {
  assert.match(dockerfile, /^USER [1-9]\d*:[1-9]\d*$/m)
  assert.doesNotMatch(dockerfile, /^HEALTHCHECK/m)
  assert.match(dockerfile, /^ENTRYPOINT \["[^"]+\/node", "\/app\/eks-node-upgrade"\]$/m)
})

test('what the Dockerfile copies is not ignored', () => {
  const kept = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path = '']) => path)
  const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, from = '']) => from.split(' '))
  assert.ok(copied.length > 0)
  for (const path of copied)
    assert.ok(
      kept.some((one) => path === one || path.startsWith(`${one}/`)),
      path
    )
})

test('pods are restricted: not root, nothing to write to, no capability, no privileges to gain', () => {
  const pods = manifests.map(read).filter((text) => text.includes('image:'))
  assert.equal(pods.length, 2)
  for (const text of pods) {
    for (const line of [
      'runAsNonRoot: true',
      'type: RuntimeDefault',
      'allowPrivilegeEscalation: false',
      'readOnlyRootFilesystem: true',
      'drop: [ALL]',
      'automountServiceAccountToken: false',
      'name: POD_NAME',
      'name: POD_NAMESPACE'
    ])
      assert.ok(text.includes(line), line)
  }
})

test('Job and CronJob start the same pod, and no sooner give up than a run may last', () => {
  const podOf = (file: string) => {
    const lines = read(`examples/kubernetes/${file}`).split('\n')
    const begin = lines.findIndex((line) => line.trim() === 'restartPolicy: Never')
    return lines
      .slice(begin)
      .map((line) => line.trim())
      .filter((line) => !line.startsWith('args:'))
  }
  assert.deepEqual(podOf('cron-job.yaml'), podOf('job.yaml'))
  const minutes = (name: string) => Number(inputsOf('cli').find((input) => input.name === name)?.default)
  for (const file of ['job.yaml', 'cron-job.yaml']) {
    const deadline = Number(/activeDeadlineSeconds: (\d+)/.exec(read(`examples/kubernetes/${file}`))?.[1])
    assert.ok(deadline > 60 * (minutes('timeout-minutes') + minutes('revert-timeout-minutes')), file)
  }
})
