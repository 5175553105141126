// The container image: built by the Dockerfile's steps, looked at, run alone, and run as a pod would be against a real API
// server and an AWS emulator.
//   npm run e2e:container -- [--install] [--keep]
// --install gets buildah and runc with apt-get if they are missing.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { checkAlone, checkImage, demonstration } from './container/alone.ts'
import { buildImage, missing } from './container/image.ts'
import { runAsPods } from './container/pods.ts'
import { enter, totals } from './expect.ts'
import { prepareCluster } from './ground.ts'
import { grantRbac } from './permissions.ts'
import { endWith, root, startTestbed } from './testbed.ts'

const { values } = parseArgs({
  options: { install: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } }
})

try {
  await endWith(await main())
} catch (error) {
  console.error(error)
  await endWith(1)
}

async function main(): Promise<number> {
  const startedAt = Date.now()
  if (values.install && missing().length > 0) install()
  const lacking = missing()
  if (lacking.length > 0) {
    console.log(`⚠ THE CONTAINER WAS NOT CHECKED: this machine lacks ${lacking.join(' and ')}. See --install.`)
    return 0
  }
  if (!existsSync(join(root, 'build/package/eks-node-upgrade.js'))) {
    console.error('there is no build/package: run npm run build')
    return 1
  }
  step('image', 'what is in it')
  const image = buildImage()
  checkImage(image)
  const demonstrated = demonstration(image)
  step('alone', 'without a cluster')
  await checkAlone(image)
  const testbed = await startTestbed('container', { aws: 5160, kubernetes: 19743 })
  if (testbed?.auditLog) {
    await prepareCluster(testbed)
    await grantRbac(testbed)
    step('pods', 'as a pod of examples/kubernetes, against a real API server and an AWS emulator')
    await runAsPods(testbed, image, values.keep)
  } else console.log('⚠ AS A POD: NOT CHECKED, because there is no ../shared/control-plane and ../shared/aws-emulator')
  step('demonstration', 'the lab inside the container')
  await demonstrated()
  const { passed, failed, failures } = totals()
  for (const failure of failures) console.log(`✖ ${failure}`)
  console.log(`${passed} passed, ${failed} failed, ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  return failed === 0 ? 0 : 1
}

function step(name: string, what: string): void {
  enter(name)
  console.log(`\n${name}: ${what}`)
}

function install(): void {
  for (const args of [
    ['update', '--quiet'],
    ['install', '--yes', '--no-install-recommends', 'buildah', 'runc']
  ]) {
    const { status } = spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'] })
    if (status !== 0) return
  }
}
