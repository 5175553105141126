import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { commandText, nextCommand } from '../../src/engine/model/next-command.ts'
import { asWorkflowInputs, programOf, typedAs, withCommands } from '../../src/report/commands.ts'

describe('a command in a message', () => {
  const shop = { cluster: 'shop' }
  const hint = `Look at it: ${commandText('status', shop, 'my workers')}. Then continue.`

  it('is the program as it was started, on a command line', () => {
    const told = withCommands({ hint, next: undefined, lines: [hint], count: 3 }, typedAs('node build/cli/bin.js'))
    const text = "Look at it: node build/cli/bin.js status --cluster shop --group 'my workers'. Then continue."
    assert.deepEqual(told, { hint: text, next: undefined, lines: [text], count: 3 })
  })

  it('is the inputs to run the workflow with, in a workflow', () => {
    const swap = commandText('upgrade', shop, 'workers', '--when-unchanged swap-back')
    assert.equal(
      withCommands(`To go back: ${swap}`, asWorkflowInputs),
      'To go back: run the workflow again with mode: upgrade, when-unchanged: swap-back'
    )
    assert.equal(asWorkflowInputs('plan --cluster shop --diff'), 'run the workflow again with mode: plan, diff: true')
  })

  it('keeps values that hold blanks and quotes whole, in a workflow', () => {
    assert.equal(
      asWorkflowInputs(nextCommand('upgrade', shop, "my 'own' group")),
      'run the workflow again with mode: upgrade'
    )
    assert.equal(
      asWorkflowInputs("upgrade --cluster shop --group-tag-key 'my key' --hold=false --jobs evict"),
      'run the workflow again with mode: upgrade, group-tag-key: my key, hold: false, jobs: evict'
    )
  })

  it('is found whatever the cluster and the group are called, and nothing else is taken for one', () => {
    for (const group of ["it's", 'a b', 'x=y', 'w', '*', 'größe', '--yes']) {
      const told = withCommands(`Run ${commandText('revert', shop, group)}.`, () => 'COMMAND')
      assert.equal(told, 'Run COMMAND.', group)
    }
    const plain =
      'kubectl -n kube-system get configmap eks-node-upgrade -o yaml; the tag eks-node-upgrade/run; eks-node-upgrade upgrade'
    assert.equal(
      withCommands(plain, () => 'COMMAND'),
      plain
    )
  })
})

describe('the program', () => {
  it('is named as it was started, and never as a package that could be fetched from elsewhere', () => {
    const node = '/usr/local/bin/node'
    assert.equal(programOf([node, '/srv/eks/build/cli/bin.js'], '/srv/eks'), 'node build/cli/bin.js')
    assert.equal(programOf([node, '/opt/it is/bin.js'], '/srv'), "node '/opt/it is/bin.js'")
    assert.equal(programOf([node, '/usr/local/bin/eks-node-upgrade'], '/srv'), 'eks-node-upgrade')
    assert.equal(
      programOf([node, '/srv/eks/node_modules/.bin/eks-node-upgrade'], '/srv/eks'),
      'node node_modules/.bin/eks-node-upgrade'
    )
    assert.equal(programOf([], '/'), 'eks-node-upgrade')
    const brought = '/srv/eks/node_modules/node/bin/node'
    assert.equal(
      programOf([brought, '/srv/eks/src/cli/bin.ts'], '/srv/eks'),
      'node_modules/node/bin/node src/cli/bin.ts'
    )
    assert.equal(programOf([brought, '/srv/eks/src/cli/bin.ts'], '/tmp'), `${brought} /srv/eks/src/cli/bin.ts`)
  })
})
