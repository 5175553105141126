// Each example workflow with how it is played and what must come of it.
import { fakeGitHub } from '../../../__tests__/notify/fake-github.ts'
import { type Repository, runWorkflow, serveTokens, type WorkflowRun } from '../act.ts'
import { check } from '../expect.ts'
import type { Testbed } from '../testbed.ts'
import { checkExit, type EndedProcess, runCli, tail } from '../tool.ts'
import { githubSecret, serveGithub } from './github-api.ts'
import { changePair, followAlias, freshImage, makePair, type Pair, sidesOf } from './pairs.ts'
import { standInTerraform } from './stage.ts'

export interface Stage {
  readonly act: string
  readonly testbed: Testbed
  readonly repository: Repository
  /** Of the cluster shop, the only one until the matrix is played. */
  readonly workers: Pair
  readonly staging: Pair
}

export interface ExampleRun {
  /** The file's name in examples/workflows/. */
  readonly workflow: string
  /** What is not the real thing, beside the AWS emulator, the token service and the kubelets. */
  readonly standIns: string
  play(stage: Stage): Promise<void>
}

type Options = Omit<WorkflowRun, 'workflow' | 'event'> & { onToken?: (count: number) => Promise<void> }

async function played(
  { act, testbed, repository }: Stage,
  workflow: string,
  event: WorkflowRun['event'],
  { onToken, env, ...options }: Options = {}
): Promise<EndedProcess> {
  const tokens = await serveTokens(onToken)
  try {
    return await runWorkflow(act, testbed, repository, { workflow, event, env: { ...tokens.env, ...env }, ...options })
  } finally {
    tokens.close()
  }
}

function checkJobs(what: string, ended: EndedProcess, succeeded: number, failed = 0): void {
  const count = (word: string) => ended.output.split('\n').filter((line) => line.includes(`Job ${word}`)).length
  const seen = { code: ended.code, succeeded: count('succeeded'), failed: count('failed') }
  const holds = (seen.code === 0) === (failed === 0) && seen.succeeded === succeeded && seen.failed === failed
  if (!check(`${what}: ${succeeded} jobs succeed${failed > 0 ? `, ${failed} fail` : ''}`, holds, seen)) {
    console.log(tail(ended.output, 40))
  }
}

/** The pair has swapped roles and its instances were launched from this version, or nothing of that. */
async function checkSides({ testbed }: Stage, pair: Pair, active: string, version?: string): Promise<void> {
  const now = await sidesOf(testbed, pair)
  const holds = now.active === active && !now.both && (version === undefined || now.versions.join() === version)
  check(`${active} alone is active`, holds, now)
}

/** Changes the inactive group, and returns what must come of an upgrade. */
async function changed(stage: Stage, pair: Pair) {
  const { active, inactive } = await sidesOf(stage.testbed, pair)
  return { version: await changePair(stage.testbed, pair), before: active, after: inactive }
}

const upgrade: ExampleRun = {
  workflow: 'upgrade.yml',
  standIns: 'nothing',
  async play(stage) {
    const { version, before, after } = await changed(stage, stage.workers)
    checkJobs('mode plan', await played(stage, this.workflow, 'workflow_dispatch', { inputs: { mode: 'plan' } }), 1)
    await checkSides(stage, stage.workers, before)
    const ended = await played(stage, this.workflow, 'workflow_dispatch', { inputs: { mode: 'upgrade' } })
    checkJobs('mode upgrade', ended, 1)
    await checkSides(stage, stage.workers, after, version)
  }
}

const afterTerraform: ExampleRun = {
  workflow: 'after-terraform.yml',
  standIns:
    'configure-aws-credentials, setup-terraform and terraform, which makes the template version when it applies',
  async play(stage) {
    let made: Awaited<ReturnType<typeof changed>> | undefined
    const terraform = await standInTerraform(async () => {
      made ??= await changed(stage, stage.workers)
    })
    try {
      const options = { env: terraform.env, path: [terraform.folder] }
      const ended = await played(stage, this.workflow, 'push', options)
      checkJobs('a push', ended, 2)
      await checkSides(stage, stage.workers, made?.after ?? '', made?.version)
      check('the last step names the active group', ended.output.includes(`${made?.after} is active`))
      const again = await played(stage, this.workflow, 'push', options)
      checkJobs('a second push without a change', again, 2)
      check('it says unchanged', again.output.includes('unchanged') && !again.output.includes('is active\n'))
    } finally {
      terraform.close()
    }
  }
}

const planOnSchedule: ExampleRun = {
  workflow: 'plan-on-schedule.yml',
  standIns: 'the clock: act plays the event',
  async play(stage) {
    const { before } = await changed(stage, stage.workers)
    checkJobs('both clusters', await played(stage, this.workflow, 'schedule'), 2)
    await checkSides(stage, stage.workers, before)
  }
}

const planOnPullRequest: ExampleRun = {
  workflow: 'plan-on-pull-request.yml',
  standIns: 'the GitHub API, on loopback through GITHUB_API_URL',
  async play(stage) {
    const { before } = await changed(stage, stage.workers)
    // So many that the own comment is on a second page.
    const github = await serveGithub('shop/platform', 7, 120)
    const options = (repository: string) => ({
      payload: {
        pull_request: { number: 7, head: { ref: 'change', repo: { full_name: repository } }, base: { ref: 'main' } }
      },
      env: { GITHUB_API_URL: github.url },
      secrets: githubSecret
    })
    try {
      const fork = await played(stage, this.workflow, 'pull_request', options('somebody/platform'))
      checkJobs('from a fork', fork, 0)
      check('a fork writes nothing', github.writes.length === 0, github.writes)
      checkJobs('a pull request', await played(stage, this.workflow, 'pull_request', options('shop/platform')), 1)
      checkJobs('the next commit', await played(stage, this.workflow, 'pull_request', options('shop/platform')), 1)
      check('one comment, made once and updated once', github.writes.length === 2, github.writes)
      const mine = github.comments.filter(({ user }) => user.login === 'github-actions[bot]')
      const body = mine[0]?.body ?? ''
      const holds = mine.length === 1 && /^<!-- .* -->\n## /.test(body) && /`p1-[a-z2-7]{20}`/.test(body)
      check('it has the plan and its digest', holds, body.split('\n').slice(0, 3))
      check('nobody else’s comment was touched', github.comments[0]?.body === '<!-- eks-node-upgrade plan: shop -->')
      await checkSides(stage, stage.workers, before)
    } finally {
      github.close()
    }
  }
}

const holdAndApprove: ExampleRun = {
  workflow: 'hold-and-approve.yml',
  standIns: 'the approvals: act knows no environments and asks nobody',
  async play(stage) {
    const { before } = await changed(stage, stage.workers)
    // The second job asks for its token after the plan: as if somebody changed the template while the approval was pending.
    let tokens = 0
    const meddle = async () => {
      if (++tokens === tokensOfPlan + 1) await changePair(stage.testbed, stage.workers)
    }
    const moved = await played(stage, this.workflow, 'workflow_dispatch', { onToken: meddle })
    checkJobs('a plan that moved while it was approved', moved, 1, 1)
    check(
      'it is refused with plan-moved',
      /plan-moved/.test(moved.output) && /what differs: the conf/.test(moved.output)
    )
    await checkSides(stage, stage.workers, before)

    const { version, after } = await changed(stage, stage.workers)
    checkJobs('a plan that stays', await played(stage, this.workflow, 'workflow_dispatch'), 3)
    await checkSides(stage, stage.workers, after, version)
  }
}

/** Each job assumes its role once. */
const tokensOfPlan = 1

const revert: ExampleRun = {
  workflow: 'revert.yml',
  standIns: 'nothing; the upgrade that is held was made on the command line',
  async play(stage) {
    const { before } = await changed(stage, stage.workers)
    const held = await runCli(stage.testbed, 'upgrade', { options: { cluster: 'shop', hold: true } })
    checkExit('an upgrade is held', held, 0, 'held')
    const play = (mode: string) =>
      played(stage, this.workflow, 'workflow_dispatch', { inputs: { mode, cluster: 'shop' } })
    checkJobs('mode status', await play('status'), 1)
    checkJobs('mode revert', await play('revert'), 1)
    await checkSides(stage, stage.workers, before)
  }
}

const upgradeMatrix: ExampleRun = {
  workflow: 'upgrade-matrix.yml',
  standIns: 'nothing; both clusters are one API server',
  async play(stage) {
    const pairs = [stage.workers, stage.staging]
    for (const cluster of ['shop', 'shop-staging']) pairs.push(await makePair(stage.testbed, cluster, 'batch', aside))
    const due = []
    for (const pair of pairs) due.push({ pair, ...(await changed(stage, pair)) })
    checkJobs('two clusters with two groups', await played(stage, this.workflow, 'workflow_dispatch'), 4)
    for (const { pair, after, version } of due) await checkSides(stage, pair, after, version)
  }
}

const scheduledAmiRefresh: ExampleRun = {
  workflow: 'scheduled-ami-refresh.yml',
  standIns:
    'the clock: act plays the event; the GitHub API, on loopback; aliases of our own, which the emulator does not resolve at a launch',
  async play(stage) {
    const { testbed, staging, workers } = stage
    const batch = await makePair(testbed, 'shop', 'batch', aside)
    await followAlias(testbed, workers)
    const [ofStaging, ofBatch] = [await followAlias(testbed, staging), await followAlias(testbed, batch)]
    const { inactive: stagingAfter } = await sidesOf(testbed, staging)
    const { active: batchBefore } = await sidesOf(testbed, batch)
    const github = await fakeGitHub(githubSecret.GITHUB_TOKEN)
    const night = () =>
      played(stage, this.workflow, 'schedule', { env: { GITHUB_API_URL: github.url }, secrets: githubSecret })
    try {
      checkJobs('a night on which all images are current', await night(), 3)
      check('no issue is written', github.issues.length === 0, github.issues)

      await ofBatch('ami-0123456789abcdef0')
      await ofStaging(await freshImage(testbed))
      const second = await night()
      checkJobs('a night with a newer image for one group and a missing one for another', second, 2, 1)
      check('the missing image is named', second.output.includes('ami-0123456789abcdef0'))
      await checkSides(stage, staging, stagingAfter)
      await checkSides(stage, batch, batchBefore)
      const open = github.issues.filter(({ state }) => state === 'open')
      check(
        'one issue is open, of the group that failed',
        open.length === 1 && /batch/.test(open[0]?.title ?? ''),
        open
      )
    } finally {
      await github.close()
    }
  }
}

/** Nodes that take none of the pods, so that the pods stay on those of shop-workers. */
export const aside = { 'k8s.io/cluster-autoscaler/node-template/taint/aside': 'true:NoSchedule' }

export const exampleRuns: readonly ExampleRun[] = [
  upgrade,
  afterTerraform,
  planOnSchedule,
  planOnPullRequest,
  holdAndApprove,
  revert,
  upgradeMatrix,
  scheduledAmiRefresh
]
