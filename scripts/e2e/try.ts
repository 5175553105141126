// From zero to upgraded, as docs/try.md says with CloudFormation, as far as the AWS emulator goes: npm run e2e:try
//   It has no EKS resources in CloudFormation, so the cluster is made by the API, and its access entries are those of the testbed.
//   It takes stacks but no change sets, so `create-stack` stands in for `deploy`.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, enter, totals } from './expect.ts'
import { isReadyNode, prepareCluster, sideLabel, until } from './ground.ts'
import { type Client, client, findAwsCli } from './lab-clients.ts'
import { grantRbac } from './permissions.ts'
import { endWith, onExit, root, startTestbed, type Testbed } from './testbed.ts'
import { checkExit, runCli, start, tail, toolEnvironment } from './tool.ts'

const cluster = 'try-upgrade'
const image = '/aws/service/eks/optimized-ami/1.37/amazon-linux-2023/x86_64/standard/recommended/image_id'
const templates = join(root, 'examples/try/cloudformation')
const [blue, green] = [`${cluster}-blue`, `${cluster}-green`]

try {
  await endWith(await main())
} catch (error) {
  console.error(error)
  await endWith(1)
}

async function main(): Promise<number> {
  enter('try')
  const awsCli = findAwsCli()
  const testbed = await startTestbed('try', { aws: 5141, kubernetes: 19843 }, '1s', cluster)
  if (!testbed?.auditLog || !awsCli) {
    console.log(
      '⚠ SKIPPED: this needs ../shared/control-plane, ../shared/aws-emulator and an AWS CLI. NOTHING WAS TRIED.'
    )
    return 0
  }
  const folder = mkdtempSync(join(tmpdir(), 'e2e-try-'))
  onExit(() => rmSync(folder, { recursive: true, force: true }))
  await prepareCluster(testbed, cluster)
  await grantRbac(testbed)
  const aws = client(awsCli, { ...toolEnvironment(testbed), AWS_DEFAULT_REGION: testbed.aws.region })
  await makeStacks(testbed, aws, folder)
  await upgradeOnce(testbed, aws, folder)
  const { passed, failed, failures } = totals()
  for (const failure of failures) console.log(`✖ ${failure}`)
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

async function makeStacks(testbed: Testbed, aws: Client, folder: string): Promise<void> {
  const { Images = [] } = await testbed.aws.ec2.describeImages({})
  await testbed.aws.emulator('PUT', '/_emulator/parameters', { name: image, value: Images[0]?.ImageId })
  const file = join(folder, 'cluster.yaml')
  writeFileSync(file, await withoutEks(testbed))
  const made = await aws(
    `cloudformation create-stack --stack-name ${cluster} --template-body file://${file} --capabilities CAPABILITY_IAM`
  )
  checkExit('the stack of the cluster', made, 0)
  for (const [name, color, active] of [
    [blue, 'blue', 'true'],
    [green, 'green', 'false']
  ] as const) {
    const parameters = { Color: color, Active: active, Image: image }
    const words = Object.entries(parameters).map(([key, value]) => `ParameterKey=${key},ParameterValue=${value}`)
    const body = `file://${join(templates, 'nodes.yaml')}`
    const stack = `cloudformation create-stack --stack-name ${name} --template-body ${body} --parameters ${words.join(' ')}`
    checkExit(`the stack of the ${color} group`, await aws(stack), 0)
  }
}

/** The template without its EKS resources, and with what they would have given as plain words. */
async function withoutEks({ aws }: Testbed): Promise<string> {
  const { cluster: made } = await aws.eks.describeCluster({ name: cluster })
  const { SecurityGroups = [] } = await aws.ec2.describeSecurityGroups({})
  const attributes = {
    'Cluster.Endpoint': made?.endpoint,
    'Cluster.CertificateAuthorityData': made?.certificateAuthority?.data,
    'Cluster.ClusterSecurityGroupId': SecurityGroups[0]?.GroupId
  }
  let text = readFileSync(join(templates, 'cluster.yaml'), 'utf8')
  const resource = / {2}\w+:\n {4}Type: AWS::EKS::.*\n(?: {4}.*\n)+/g
  check('the template makes a cluster and two access entries', text.match(resource)?.length === 3)
  text = text.replace(resource, '').replace('Value: !Ref Cluster,', 'Value: !Ref ClusterName,')
  for (const [name, value] of Object.entries(attributes)) text = text.replace(`!GetAtt ${name}`, value ?? '')
  return text
}

async function upgradeOnce(testbed: Testbed, aws: Client, folder: string): Promise<void> {
  await until('the nodes of the blue group are ready', 60, () => hasNodes(testbed, blue, 1))
  const applied = await kubectl(testbed, 'apply', '-f', join(root, 'examples/try/demo.yaml'))
  checkExit('kubectl apply', applied, 0)
  checkExit(
    'web is rolled out',
    await kubectl(testbed, ...'rollout status deployment/web -n demo --timeout=60s'.split(' ')),
    0
  )

  const role = await permitted(aws, folder)
  const options = { cluster, 'role-to-assume': role }
  const before = await runCli(testbed, 'plan', { options, kubeconfig: null })
  checkExit('plan before anything was changed', before, 0, 'unchanged')

  const kept = ['Color', 'Active', 'Image'].map((key) => `ParameterKey=${key},UsePreviousValue=true`).join(' ')
  const change = `cloudformation update-stack --stack-name ${green} --use-previous-template --parameters ${kept} ParameterKey=InstanceType,ParameterValue=t3.large`
  checkExit('the stack of the green group is changed', await aws(change), 0)
  await followNewest(testbed)
  checkExit('plan', await runCli(testbed, 'plan', { options, kubeconfig: null }), 0, 't3.large')
  const upgraded = await runCli(testbed, 'upgrade', { options, kubeconfig: null })
  if (!checkExit('upgrade', upgraded, 0, 'upgraded')) console.log(tail(upgraded.output, 60))
  check('the green group has the node', await hasNodes(testbed, green, 1))
  check('the blue group has none', await hasNodes(testbed, blue, 0))
  for (const name of ['web', 'single']) {
    const status = await kubectl(testbed, ...`rollout status deployment/${name} -n demo --timeout=5s`.split(' '))
    checkExit(`${name} is as healthy as before`, status, 0)
  }
}

/** The policy of the examples, for this cluster, on the role of the stack. Returns its ARN. */
async function permitted(aws: Client, folder: string): Promise<string> {
  const outputs = await aws(
    `cloudformation describe-stacks --stack-name ${cluster} --query Stacks[0].Outputs --output json`
  )
  const found = JSON.parse(outputs.stdout) as { OutputKey: string; OutputValue: string }[]
  const value = (key: string) => found.find(({ OutputKey }) => OutputKey === key)?.OutputValue ?? ''
  const policy = readFileSync(join(root, 'examples/iam-policy.json'), 'utf8')
    .replaceAll('cluster/shop', `cluster/${cluster}`)
    .replaceAll('111122223333', '123456789012')
  writeFileSync(join(folder, 'policy.json'), policy)
  const put = `iam put-role-policy --role-name ${value('RoleName')} --policy-name eks-node-upgrade --policy-document`
  checkExit('the role gets the policy', await aws(`${put} file://${join(folder, 'policy.json')}`), 0)
  return value('Role')
}

/** An update of a stack in the emulator makes the version, but does not tell the group of it. */
async function followNewest({ aws }: Testbed): Promise<void> {
  const LaunchTemplate = { LaunchTemplateName: green, Version: '2' }
  await aws.autoScaling.updateAutoScalingGroup({ AutoScalingGroupName: green, LaunchTemplate })
}

async function hasNodes(testbed: Testbed, group: string, count: number): Promise<boolean> {
  const { items } = await testbed.kubernetes.list(`/api/v1/nodes?labelSelector=${sideLabel}%3D${group}`)
  return items.filter(isReadyNode).length === count
}

function kubectl(testbed: Testbed, ...args: string[]) {
  const [program = '', ...first] = testbed.kubectl
  const all = [...first, '--kubeconfig', testbed.kubernetes.kubeconfig, ...args]
  return start(program, all, toolEnvironment(testbed)).ended
}
