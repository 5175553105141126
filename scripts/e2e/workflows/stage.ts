// What the example workflows run on: a testbed, the examples as a user's repository has them, and stand-ins for what is not here.
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { actionFolder, makeRepository, type Repository, temporaryFolder } from '../act.ts'
import { root } from '../testbed.ts'

/** The emulator has one account, and the examples another: the only word in them that is changed. */
const accounts = { inExamples: '111122223333', here: '123456789012' }

/** Pods are ready within a second here, so nothing is learned from waiting longer. */
const quick = { 'stable-seconds': '1', 'soak-minutes': '0.05' }

const examples = join(root, 'examples/workflows')

export const exampleNames = readdirSync(examples).filter((name) => name.endsWith('.yml'))

export function exampleRepository(): Repository {
  const files = Object.fromEntries(
    exampleNames.map((name) => [
      `.github/workflows/${name}`,
      readFileSync(join(examples, name), 'utf8').replaceAll(accounts.inExamples, accounts.here)
    ])
  )
  const actions: Record<string, string> = { 'OWNER/eks-node-upgrade@COMMIT': actionFolder(quick) }
  for (const text of Object.values(files)) {
    for (const [, action = ''] of text.matchAll(/uses: (\S+)/g)) {
      // act answers a checkout by itself.
      if (action.startsWith('actions/checkout@')) continue
      actions[action] ??= standInAction(action)
    }
  }
  return { folder: makeRepository({ ...files, 'terraform/main.tf': '' }), actions }
}

/** An action of others that takes any input and says that it is not the real one. */
function standInAction(name: string): string {
  const folder = temporaryFolder('e2e-stand-in-')
  const step = `    - run: echo 'stand-in for ${name}'\n      shell: bash\n`
  writeFileSync(join(folder, 'action.yml'), `name: ${name}\nruns:\n  using: composite\n  steps:\n${step}`)
  return folder
}

export interface TerraformStandIn {
  /** Holds a program named `terraform`. */
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  close(): void
}

/** `terraform apply` calls back; everything else does nothing. */
export async function standInTerraform(onApply: () => Promise<void>): Promise<TerraformStandIn> {
  const folder = temporaryFolder('e2e-terraform-')
  const program = join(folder, 'terraform')
  const lines = ['#!/usr/bin/env bash', 'echo "stand-in for terraform: $*"', 'case " $* " in *" apply "*)']
  writeFileSync(program, [...lines, '  curl --silent --fail "$TERRAFORM_STAND_IN" ;; esac', ''].join('\n'))
  chmodSync(program, 0o755)
  const server = createServer(async (_, response) => {
    await onApply()
    response.end('applied\n')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo
  return { folder, env: { TERRAFORM_STAND_IN: `http://127.0.0.1:${port}/` }, close: () => server.close() }
}
