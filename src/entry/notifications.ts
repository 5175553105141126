/** Who is told how runs ended, from inputs and environment. */
import type { Inputs } from '../inputs/validate-inputs.ts'
import { createNotifier, type Notifier } from '../notify/notifier.ts'

export interface NotifierSource {
  inputs: Pick<Inputs, 'notify'>
  env: Readonly<Record<string, string | undefined>>
  /** For issues. */
  token: string | undefined
  /** The workflow run. */
  link?: string
  warn(title: string, text: string): void
}

export function notifierFor({ inputs, env, token, link, warn }: NotifierSource): Notifier {
  const { GITHUB_REPOSITORY: repository, GITHUB_API_URL: apiUrl, GITHUB_EVENT_NAME: event } = env
  return createNotifier({
    targets: inputs.notify,
    ...(token && repository ? { github: { token, repository, apiUrl: apiUrl || 'https://api.github.com' } } : {}),
    scheduled: event === 'schedule',
    ...(link === undefined ? {} : { link }),
    warn
  })
}
