import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from './sources.ts'

const template = read('lambda/template.yaml')

/** As the example has it: one cluster, one account, one region. */
function policyOfTemplate(): unknown {
  const [, text = ''] = /PolicyDocument: !Sub \|\n([\s\S]*?)\n {8}- PolicyName/.exec(template) ?? []
  const values: Readonly<Record<string, string>> = {
    'AWS::Partition': 'aws',
    'AWS::Region': 'eu-west-1',
    'AWS::AccountId': '111122223333',
    ClusterName: 'shop'
  }
  return JSON.parse(text.replace(/\$\{([\w:]+)\}/g, (_, name: string) => values[name] ?? name))
}

test('the function’s role may do what examples/iam-policy.json allows, and nothing more', () => {
  assert.deepEqual(policyOfTemplate(), JSON.parse(read('examples/iam-policy.json')))
})

test('the template has the version of the package', () => {
  const { version } = JSON.parse(read('package.json'))
  assert.match(template, new RegExp(`^ {4}SemanticVersion: ${version.replaceAll('.', '\\.')}$`, 'm'))
})
