// The whole way in: a role that is assumed, the cluster's endpoint from DescribeCluster, a token that the cluster really
// checks, and no right but those that examples/ grants.
import { callsSince, summarize } from '../audit.ts'
import { check, skip } from '../expect.ts'
import { checkPermissions, createRunner, grantRbac, hasPolicy, revokeRbac, serveCluster } from '../permissions.ts'
import { checkEvictions, checkNoWrites, type EndToEndScenario, mark, onGround } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkSwapped, readSettings } from '../snapshot.ts'
import { checkExit, runCli } from '../tool.ts'
import { shop } from '../workloads.ts'

export const permitted: EndToEndScenario = {
  name: 'permitted',
  what: 'the whole way in with an EKS token, and no right but those of examples/',
  async run(testbed, keep) {
    if (!testbed.auditLog) return skip('the whole way in', 'this needs the control plane of ../shared')
    if (!hasPolicy()) {
      check('examples/rbac.yaml and examples/iam-policy.json exist', false)
      return
    }
    const group = 'permitted'
    await onGround(testbed, keep, { group, workloads: shop(`shop-${group}`, '1s') }, async (stage) => {
      const { ground, observer, before } = stage
      const { roleArn, env } = await createRunner(testbed)
      const eks = await serveCluster(testbed)
      const wayIn = {
        kubeconfig: null,
        env: { ...env, ...eks.env },
        options: { 'role-to-assume': roleArn, 'aws-region': testbed.aws.region }
      }
      await checkPermissions(testbed, true)
      try {
        let since = await mark(testbed)
        const stranger = roleArn.replace('/upgrader', '/stranger')
        const notTrusted = await runCli(testbed, 'plan', { ...wayIn, options: { 'role-to-assume': stranger } })
        checkExit('plan with a role that does not trust us', notTrusted, 3, 'stranger')

        await revokeRbac(testbed)
        checkExit('plan without any right in the cluster', await runCli(testbed, 'plan', wayIn), 3, 'rbac')
        await checkNoWrites(testbed, since)
        await grantRbac(testbed)

        since = await mark(testbed)
        const run = await runCli(testbed, 'upgrade', wayIn)
        checkExit('upgrade', run, 0)
        const calls = callsSince(testbed, since.audit) ?? []
        const users = [...new Set(calls.map(({ user }) => user))]
        check(
          'every call came as the assumed role',
          users.length === 1 && users[0]?.includes('assumed-role/upgrader') === true,
          users
        )
        const forbidden = calls.filter(({ code }) => code === 401 || code === 403)
        check('no call was forbidden', forbidden.length === 0, summarize(forbidden))
        checkCalm(observer)
        checkPlaced(observer, ground.green, ground.blue)
        checkSwapped(before, await readSettings(testbed, ground))
        await checkNothingLeft(testbed)
        checkEvictions(stage, since, ground.blue)
        check('neither token nor key is printed', !/k8s-aws-v1\.|X-Amz-Signature/.test(run.output))
        check('the endpoint came from DescribeCluster', eks.served() > 0, `${eks.served()} times`)
      } finally {
        eks.close()
        await checkPermissions(testbed, false)
      }
    })
  }
}
