/** The part of Systems Manager that names images: parameters of text. */

import { LabAwsError } from './lab-aws-error.ts'
import type { Account } from './state.ts'

export function ssmActions(account: Account) {
  return {
    getParameter({ Name = '' }: { Name?: string }): { Parameter: { Name: string; Type: string; Value: string } } {
      const Value = account.parameters.get(Name)
      if (Value === undefined) throw new LabAwsError('ssm', 400, 'ParameterNotFound', `Parameter ${Name} not found.`)
      return { Parameter: { Name, Type: 'String', Value } }
    }
  }
}
