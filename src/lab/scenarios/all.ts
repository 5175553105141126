/** Every scenario by its name. */
import type { Scenario } from '../simulation/scenario.ts'
import { coordination } from './coordination.ts'
import { gates } from './gates.ts'
import { groups } from './groups.ts'
import { imageScenarios } from './images.ts'
import { others } from './others.ts'
import { pods } from './pods.ts'
import { wholeRuns } from './whole-runs.ts'

export const scenarios: readonly Scenario[] = [
  ...wholeRuns,
  ...pods,
  ...groups,
  ...imageScenarios,
  ...coordination,
  ...gates,
  ...others
]

export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.name === name)
}
