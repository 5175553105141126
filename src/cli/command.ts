/** The command line: arguments in, text out, an exit code back. Everything of the process comes in as `Console`. */
import { exitCodes } from '../entry/exit-code.ts'
import type { Program } from '../entry/group-runs.ts'
import { hostName } from '../entry/host-name.ts'
import { kubeconfigProblems } from '../entry/kubeconfig-problems.ts'
import { version } from '../entry/version.ts'
import { parseArguments } from '../inputs/arguments.ts'
import { problemLines, validateInputs } from '../inputs/validate-inputs.ts'
import { typedAs } from '../report/commands.ts'
import type { Console } from './console.ts'
import { outputStream } from './output-stream.ts'

export interface Programs<Ports> {
  load: () => Promise<Program<Ports>>
  /** The lab has a command line of its own. */
  lab(argv: readonly string[]): Promise<number>
}

/** Returns the exit code. */
export async function runCommand<Ports>(
  argv: readonly string[],
  console: Console,
  programs: Programs<Ports>
): Promise<number> {
  if (argv[0] === 'lab') return programs.lab(argv.slice(1))
  const inWorkflow = console.env.GITHUB_ACTIONS === 'true'
  const stdout = outputStream(console.stdout, inWorkflow)
  const stderr = outputStream(console.stderr, inWorkflow)
  const args = parseArguments(argv)
  if (args.version) {
    stdout.write(`${version}\n`)
    return exitCodes.good
  }
  if (args.help || (args.command === undefined && args.problems.length === 0)) {
    const { helpText } = await import('../inputs/help.ts')
    const stream = args.help ? stdout : stderr
    stream.write(helpText(Math.min(stream.columns(), 120)))
    return args.help ? exitCodes.good : exitCodes.badInput
  }
  const validated = validateInputs({ ...args.values, mode: args.command ?? '' }, 'cli', console.env)
  const command =
    args.command === undefined ? ['no command is given: plan, upgrade, finalize, revert, status or lab'] : []
  // An unknown command was found by the parser already, and again by the validation, which knows what it means.
  const found = [
    ...command,
    ...args.problems,
    ...(validated.problems ?? []),
    ...(await kubeconfigProblems(args.values)),
    ...(args.values.report === undefined ? [] : (await import('../entry/report-file.ts')).reportProblems(args.values))
  ]
  const problems = [...new Set(found)].filter(
    (problem) => args.command !== undefined || !problem.startsWith('command ""')
  )
  if (validated.inputs === undefined || problems.length > 0) {
    if (args.values.output === 'json') {
      const { problemsDocument } = await import('../report/json/document.ts')
      stdout.write(`${problemsDocument(problems, version)}\n`)
    }
    stderr.write(`${[...problemLines(problems), `See ${console.program} --help`].join('\n')}\n`)
    return exitCodes.badInput
  }
  const { runSession } = await import('./session.ts')
  return runSession({
    inputs: validated.inputs,
    console,
    stdout,
    stderr,
    load: programs.load,
    caller: { host: { name: hostName() }, wording: typedAs(console.program) }
  })
}
