// The served lab, driven from outside by a real kubectl, the AWS CLI and the command line itself: npm run e2e:lab
import { resolve } from 'node:path'
import { check, enter, skip, totals } from './expect.ts'
import { type Client, client, expectOf, findAwsCli, findKubectl } from './lab-clients.ts'
import { endWith, root } from './testbed.ts'
import { type Running, start, tail } from './tool.ts'

const cli = process.env.E2E_CLI ?? resolve(root, 'src/cli/bin.ts')

try {
  await endWith(await main())
} catch (error) {
  console.error(error)
  await endWith(1)
}

async function main(): Promise<number> {
  enter('lab')
  const startedAt = Date.now()
  const lab = start(process.execPath, [cli, 'lab', 'serve', 'calm-upgrade', '--speed', '20'], process.env)
  if (!(await until(lab, /Ctrl-C ends it/, 30))) {
    check('the lab is up', false, tail(lab.output()))
    return 1
  }
  check('the lab is up within 2 s', Date.now() - startedAt < 2000, `${Date.now() - startedAt} ms`)
  const env = environment(lab.output())
  const [kubectl, aws] = [findKubectl(), findAwsCli()]
  if (kubectl) await driveWithKubectl(client(kubectl, env))
  else skip('everything with kubectl', 'there is NO KUBECTL: set E2E_KUBECTL, or build ../shared/control-plane')
  if (aws) await driveWithAws(client(aws, env))
  else skip('everything with the AWS CLI', 'there is NO AWS CLI: set E2E_AWS_CLI, or install python3 with venv and pip')
  await upgrade(client([process.execPath, cli], env))
  await end(lab)
  const { passed, failed, failures } = totals()
  for (const failure of failures) console.log(`✖ ${failure}`)
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

async function driveWithKubectl(run: Client): Promise<void> {
  const kubectl = (args: string, says: RegExp, code?: number | 'not 0') => expectOf('kubectl', run, args, says, code)
  await kubectl('version', /Server Version: v1\.\d+/)
  await kubectl('get nodes -o wide', /NAME +STATUS +ROLES +AGE +VERSION +INTERNAL-IP +EXTERNAL-IP +OS-IMAGE/)
  const nodes = await kubectl('get nodes -o name', /^node\/\S+/)
  await kubectl(
    'get pods -n shop -o wide',
    /NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES/
  )
  await kubectl('get deployments -n shop -o wide', /READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR/)
  await kubectl('get pdb -A', /MIN AVAILABLE +MAX UNAVAILABLE +ALLOWED DISRUPTIONS +AGE/)
  await kubectl('get ds,rs,sts -n shop', /daemonset\.apps\/agent +6/)
  await kubectl('get deployment web -n shop -o yaml', /kind: Deployment/)
  await kubectl('describe deployment web -n shop', /Events:[\s\S]*ScalingReplicaSet/)
  await kubectl('describe pod -n shop -l app=ledger', /Successfully assigned shop\/ledger/)
  await kubectl('scale deployment/web -n shop --replicas=18', /scaled/)
  await kubectl('rollout status deployment/web -n shop --timeout=30s', /successfully rolled out/)
  await kubectl('rollout restart deployment/mail -n shop', /restarted/)
  await kubectl('rollout status deployment/mail -n shop --timeout=30s', /successfully rolled out/)
  await kubectl('get events -n shop --sort-by=.lastTimestamp', /LAST SEEN +TYPE +REASON +OBJECT +MESSAGE/)
  await kubectl('wait deployment/mail -n shop --for=condition=Available --timeout=30s', /condition met/)
  const node = nodes.split('\n')[0]?.trim() ?? ''
  await kubectl(`cordon ${node}`, /cordoned/)
  await kubectl('get nodes', /Ready,SchedulingDisabled/)
  await kubectl(`drain ${node} --ignore-daemonsets --timeout=50s`, /drained/)
  await kubectl('get events -n default', /NodeNotSchedulable/)
  await kubectl(`describe ${node}`, /Non-terminated Pods: +\(1 in total\)/)
  await kubectl(`uncordon ${node}`, /uncordoned/)
  const watched = await run('get pods -n shop -l app=ledger --watch', 2)
  check('kubectl get pods --watch shows columns', /READY +STATUS[\s\S]*1\/1 +Running/.test(watched.stdout))
  await kubectl('auth can-i create pods/eviction', /yes/)
  await kubectl('create configmap note -n shop --from-literal=a=b --dry-run=server', /created \(server dry run\)/)
  await kubectl('top nodes', /Metrics API not available/, 'not 0')
  await kubectl('logs deployment/web -n shop', /the lab does not simulate this: pods\/log/, 'not 0')
  await kubectl('exec deployment/web -n shop -- ls', /the lab does not simulate this: pods\/exec/, 'not 0')
  await kubectl('explain pods', /the lab does not simulate this: OpenAPI/, 'not 0')
  await kubectl('get nodes --token=other', /Unauthorized|logged in/, 'not 0')
}

async function driveWithAws(run: Client): Promise<void> {
  const aws = (args: string, says: RegExp, code?: number | 'not 0') => expectOf('aws', run, args, says, code)
  await aws('sts get-caller-identity', /"Arn": "\S+user\/lab"/)
  await aws('eks describe-cluster --name shop', /"endpoint": "https:\S+"/)
  await aws('eks list-clusters', /"shop"/)
  await aws('autoscaling describe-auto-scaling-groups', /"AutoScalingGroupName": "shop-workers-blue"/)
  await aws('ec2 describe-instances', /"InstanceId": "i-\S+"/)
  await aws('ec2 describe-images --image-ids ami-0a11ce5eedf00d001', /"ImageId": \S+/)
  await aws('ec2 describe-launch-template-versions --launch-template-name shop-workers', /"VersionNumber": 2/)
  const size = '--auto-scaling-group-name shop-workers-blue --desired-capacity'
  await aws(`autoscaling set-desired-capacity ${size} 7`, /^/)
  await aws(
    'autoscaling describe-scaling-activities --auto-scaling-group-name shop-workers-blue',
    /Launching a new EC2/
  )
  const version =
    '--launch-template-name shop-workers --source-version 2 --launch-template-data InstanceType=m7i.xlarge'
  await aws(`ec2 create-launch-template-version ${version}`, /"VersionNumber": 3/)
  await aws('ssm get-parameter --name /no/such', /ParameterNotFound/, 'not 0')
  await aws('ec2 run-instances --image-id ami-1', /The lab's AWS cannot do RunInstances/, 'not 0')
}

async function upgrade(run: Client): Promise<void> {
  await expectOf('eks-node-upgrade', run, 'plan --cluster shop', /shop-workers-green/)
  const quick = '--stable-seconds 1 --soak-minutes 0.05'
  const upgraded = await run(`upgrade --cluster shop ${quick}`, 240)
  const seen = `exit ${upgraded.code} after ${upgraded.seconds.toFixed(0)} s`
  if (!check(`eks-node-upgrade upgrade --cluster shop ${quick}`, upgraded.code === 0, seen))
    console.log(tail(upgraded.output))
}

/** It has told what was done to it, and goes at once. */
async function end(lab: Running): Promise<void> {
  for (const line of [
    /node \S+ cordoned/,
    /pod \S+ evicted/,
    /instance \S+ launched/,
    /node \S+ joined/,
    /scaled from 16 to 18/
  ])
    check('the lab has said it', line.test(lab.output()), line.exec(lab.output())?.[0] ?? `not ${line}`)
  const at = Date.now()
  lab.child.kill('SIGINT')
  const { code } = await lab.ended
  check('Ctrl-C ends it within 2 s', code === 0 && Date.now() - at < 2000, `exit ${code} after ${Date.now() - at} ms`)
}

function environment(output: string): NodeJS.ProcessEnv {
  const given = [...output.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value])
  const own = Object.entries(process.env).filter(([name]) => !/^(AWS_|KUBE)/.test(name))
  return Object.fromEntries([...own, ...given])
}

async function until(lab: Running, said: RegExp, seconds: number): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000
  while (!said.test(lab.output()) && Date.now() < deadline && lab.child.exitCode === null)
    await new Promise((resume) => setTimeout(resume, 20))
  return said.test(lab.output())
}
