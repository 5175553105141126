/** A scenario of the lab as a chronicle, worded as a command line words it. */
import type { Event } from '../../src/engine/model/report.ts'
import { worded, wordedReporter } from '../../src/entry/group-runs.ts'
import { scenarioNamed } from '../../src/lab/scenarios/all.ts'
import { runScenario } from '../../src/lab/simulation/run-scenario.ts'
import { createChronicle } from '../../src/report/chronicle/chronicle.ts'
import { typedAs } from '../../src/report/commands.ts'

export async function chronicleOf(name: string, tell: (event: Event) => void = () => {}) {
  const scenario = scenarioNamed(name)
  if (!scenario) throw new Error(`there is no scenario ${name}`)
  const chronicle = createChronicle()
  const wording = typedAs('npx eks-node-upgrade')
  const reporter = wordedReporter(chronicle, wording)
  const { failures } = await runScenario(scenario, {
    tell(event) {
      tell(event)
      reporter.report(event)
    },
    ends: (result) => chronicle.ended(result && worded(result, { always: [], upgrade: [] }, wording))
  })
  if (failures.length > 0) throw new Error(failures.join('\n'))
  return chronicle
}
