// One workflow, run by `act` without GitHub: the job's OIDC token buys a role, the role a token for the cluster.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { actionFolder, installAct, makeRepository, runWorkflow, serveTokens } from '../act.ts'
import { actionFile } from '../action-step.ts'
import { callsSince } from '../audit.ts'
import { check, skip } from '../expect.ts'
import { type EndToEndScenario, mark, onGround } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkSwapped, readSettings } from '../snapshot.ts'
import { clusterName } from '../testbed.ts'
import { checkExit, isBuilt, tail } from '../tool.ts'
import { shop } from '../workloads.ts'

export const workflow: EndToEndScenario = {
  name: 'workflow',
  what: 'a workflow through act, with OIDC and an EKS token',
  async run(testbed, keep) {
    if (!testbed.auditLog) return skip('a workflow through act', 'this needs the control plane of ../shared')
    if (!check('the action is built', isBuilt(actionFile), actionFile)) return
    const act = await installAct()
    const group = 'workflow'
    await onGround(
      testbed,
      keep,
      { group, workloads: shop(`shop-${group}`, '1s') },
      async ({ ground, observer, before, podsBefore }) => {
        await testbed.aws.iam.createRole({ RoleName: 'from-a-workflow', AssumeRolePolicyDocument: '{}' })
        const tokens = await serveTokens()
        const since = await mark(testbed)
        try {
          const text = readFileSync(join(import.meta.dirname, '../workflow.yml'), 'utf8')
          const repository = {
            folder: makeRepository({ '.github/workflows/upgrade.yml': text }),
            actions: { 'eks-node-upgrade/eks-node-upgrade@v1': actionFolder() }
          }
          const job = await runWorkflow(act, testbed, repository, {
            workflow: 'upgrade.yml',
            event: 'workflow_dispatch',
            inputs: { cluster: clusterName },
            env: tokens.env
          })
          checkExit('the job', job, 0, 'job succeeded')
          const expected = `after outcome=upgraded active=${ground.green}`
          const line =
            job.output.split('\n').find((one) => one.includes('after outcome=') && !one.includes('$OUTCOME')) ?? ''
          check('the next step sees the outputs', line.includes(expected), line.trim() || tail(job.output, 10))
          check('a job summary was written', /Summary -/.test(job.output))
          check(
            'the OIDC token is requested, and masked',
            tokens.served() > 0 && !job.output.replaceAll(/add-mask.*/g, '').includes(tokens.token),
            `${tokens.served()} times`
          )
          const users = [...new Set((callsSince(testbed, since.audit) ?? []).map(({ user }) => user))]
          check(
            'the cluster saw the assumed role',
            users.some((user) => user.includes('assumed-role/from-a-workflow')),
            users
          )
          checkCalm(observer)
          checkPlaced(observer, ground.green, ground.blue)
          checkSwapped(before, await readSettings(testbed, ground))
          await checkNothingLeft(testbed)
          check('there was something to move', podsBefore >= 60, podsBefore)
        } finally {
          tokens.close()
        }
      }
    )
  }
}
