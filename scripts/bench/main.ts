// The figures, measured on one machine and never asserted: the reference testbed with our upgrade and with kubectl drain,
// the action's start, its size, the demonstration.
//   npm run bench -- [--only upgrade,drain,drain-one,start,demo] [--nodes 20]
import { parseArgs } from 'node:util'
import { prepareCluster } from '../e2e/ground.ts'
import { grantAll, grantRbac } from '../e2e/permissions.ts'
import { endWith, startTestbed } from '../e2e/testbed.ts'
import { measureDemo, measureSize, measureStart } from './program.ts'
import { type Moved, measureDrain, measureUpgrade } from './reference.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: 'upgrade,drain,start,demo' },
    nodes: { type: 'string', default: '20' }
  }
})

try {
  await main()
  await endWith(0)
} catch (error) {
  console.error(error)
  await endWith(1)
}

async function main(): Promise<void> {
  const parts = values.only.split(',')
  const rows: Moved[] = []
  if (parts.some((part) => /^(upgrade|drain|drain-one)$/.test(part))) {
    const testbed = await startTestbed('bench', { aws: 5190, kubernetes: 19663 }, '2s')
    if (!testbed) console.log('⚠ THE REFERENCE WORLD IS SKIPPED: ../shared is not there')
    else {
      await prepareCluster(testbed)
      await grantRbac(testbed)
      const nodes = Number(values.nodes)
      if (parts.includes('upgrade')) rows.push(await measureUpgrade(testbed, nodes))
      // After ours: what kubectl asks for is more than the product is granted.
      await grantAll(testbed)
      if (parts.includes('drain')) rows.push(await measureDrain(testbed, nodes, 10))
      if (parts.includes('drain-one')) rows.push(await measureDrain(testbed, nodes, 1))
      testbed.stop()
    }
  }
  if (rows.length > 0) console.table(Object.fromEntries(rows.map(({ what, ...row }) => [what, row])))
  if (parts.includes('start')) console.table(await measureStart())
  if (parts.includes('demo')) console.table({ demonstration: await measureDemo() })
  console.table(measureSize())
}
