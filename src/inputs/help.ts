/** `--help`, made of the one table. */
import { hang, padEnd } from '../report/text/text-width.ts'
import { type Input, inputsOf } from './inputs.ts'

const headings: Readonly<Record<Input['group'], string>> = {
  what: 'What',
  aws: 'AWS',
  cluster: 'Cluster and tags',
  pace: 'Pace',
  deadlines: 'Deadlines',
  consent: 'Consent',
  output: 'Output'
}

const usage = `Upgrades the worker nodes of an Amazon EKS cluster blue/green, and puts everything back when it fails.

Usage
  eks-node-upgrade plan     --cluster NAME [--group NAME] …   look only: what would change, and what stands in the way
  eks-node-upgrade upgrade  --cluster NAME [--group NAME] …   upgrade, or go on with a run that was interrupted
  eks-node-upgrade finalize --cluster NAME [--group NAME] …   retire the old group of a held upgrade
  eks-node-upgrade revert   --cluster NAME [--group NAME] …   go back
  eks-node-upgrade status   --cluster NAME [--group NAME] …   how things stand
  eks-node-upgrade lab [SCENARIO | --list] …                  try it on a small AWS and Kubernetes of its own, no account needed
  eks-node-upgrade --help | --version`

const exits = `Exit codes
  0 upgraded, unchanged, planned, held, or reverted where that was asked for · 2 bad input · 3 refused: nothing was touched
  4 reverted: changed and put back · 5 halted: a person decides · 130 stopped by a signal, in a safe state`

export function placeholderOf(input: Input): string {
  const { kind } = input
  switch (kind.is) {
    case 'choice':
      return kind.of.join('|')
    case 'switch':
      return ''
    case 'duration':
      return kind.unit.toUpperCase()
    case 'whole':
      return 'N'
    case 'list':
      return 'LIST'
    case 'path':
      return 'FILE'
    case 'text':
      return 'TEXT'
  }
}

function defaultWords(input: Input): string {
  if (input.required) return ' Required.'
  if (input.kind.is === 'switch') return ''
  const value = input.default || input.from
  return value === undefined ? '' : ` Default: ${value}.`
}

export function helpText(width: number): string {
  const lines = usage.split('\n')
  const table = inputsOf('cli')
  for (const [group, heading] of Object.entries(headings)) {
    lines.push('', heading)
    for (const input of table.filter((one) => one.group === group)) {
      const head = `  ${padEnd(`--${input.name} ${placeholderOf(input)}`.trim(), 34)} `
      const text = input.description + defaultWords(input)
      // An option that leaves no room beside it has its text below.
      if (head.length > 37) lines.push(head.trimEnd(), ...hang('    ', text, width))
      else lines.push(...hang(head, text, width))
    }
  }
  return [...lines, '', ...exits.split('\n'), ''].join('\n')
}
