// What holds of the image without any cluster: what is in it, as whom it runs, and what it says when it lacks something.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { check } from '../expect.ts'
import { checkExit } from '../tool.ts'
import type { Image } from './image.ts'
import { runContainer, startContainer } from './run.ts'

export function checkImage({ root, config, base }: Image): void {
  check('the base is pinned by its digest', /^\S+:\S+@sha256:[0-9a-f]{64}$/.test(base), base)
  check('the user is a number and not root', /^[1-9]\d*:[1-9]\d*$/.test(config.User), config.User)
  check('the entry point is the command line', config.Entrypoint.at(-1) === '/app/eks-node-upgrade', config.Entrypoint)
  const label = (name: string) => config.Labels[`org.opencontainers.image.${name}`] ?? ''
  check('it says what it is, and under which license', label('source') !== '' && label('licenses') === 'Apache-2.0', [
    label('title'),
    label('licenses')
  ])
  const files = readdirSync(join(root, 'app'), { recursive: true, encoding: 'utf8' }).map((file) => join('app', file))
  const stats = files.map((file) => ({ file, ...statSync(join(root, file)) }))
  const loose = stats.filter(({ uid, mode }) => uid !== 0 || (mode & 0o022) !== 0)
  check(
    'nobody but root can write what is in it',
    loose.length === 0,
    loose.map(({ file }) => file)
  )
  const bytes = stats.reduce((sum, { size }) => sum + size, 0)
  check(
    'it adds less than 4.5 MB to its base',
    bytes < 4.5e6,
    `${(bytes / 1e6).toFixed(2)} MB in ${files.length} files`
  )
}

/** A look around from inside. */
const probe = `
const { readFileSync, writeFileSync } = require('node:fs')
const tried = (path) => { try { writeFileSync(path, ''); return 'written' } catch (error) { return error.code } }
const capabilities = /CapEff:\\s*(\\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]
const shell = require('node:child_process').spawnSync('/bin/sh', ['-c', 'true']).error?.code
console.log(JSON.stringify({
  pid: process.pid, uid: process.getuid(), gid: process.getgid(), capabilities, shell,
  app: tried('/app/eks-node-upgrade'), tmp: tried('/tmp/file')
}))`

export async function checkAlone(image: Image): Promise<void> {
  const looked = await runContainer(image, { entrypoint: ['/nodejs/bin/node', '--eval'], args: [probe] })
  const seen = checkExit('a look around from inside', looked, 0) ? JSON.parse(looked.stdout) : {}
  check('it runs as process 1, as nobody that this machine knows', seen.pid === 1 && seen.uid === 65532, seen)
  check('it has no capability', /^0+$/.test(seen.capabilities), seen.capabilities)
  check('nothing can be written, not even /tmp', seen.app === 'EROFS' && seen.tmp === 'EROFS', [seen.app, seen.tmp])
  check('there is no shell', seen.shell === 'ENOENT', seen.shell)

  checkExit('without arguments', await runContainer(image, {}), 0, 'eks-node-upgrade upgrade')
  checkExit('--help', await runContainer(image, { args: ['--help'] }), 0, '--cluster')
  checkExit('--version', await runContainer(image, { args: ['--version'] }), 0)
  const plan = ['plan', '--cluster', 'shop']
  checkExit('no region', await runContainer(image, { args: plan }), 3, 'no aws region is set')
  const region = { AWS_REGION: 'eu-west-1', AWS_EC2_METADATA_DISABLED: 'true' }
  const bare = await runContainer(image, { args: plan, env: region })
  checkExit('no credentials', bare, 3, 'there are no aws credentials')
  check('it says what a pod needs', /give its\s+service\s+account\s+a\s+role/.test(bare.output))
  check('there is no stack trace', !/^\s+at .+:\d+:\d+/m.test(bare.output))
  checkExit('bad input', await runContainer(image, { args: [...plan, '--soak-minutes', '-1'], env: region }), 2, '"-1"')
}

/** Takes most of a minute and little of the machine, so it plays while other things are looked at. */
export function demonstration(image: Image): () => Promise<void> {
  const { ended } = startContainer(image, { args: ['lab'] })
  return async () => void checkExit('the demonstration', await ended, 0, 'was reverted')
}
