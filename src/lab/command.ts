export interface LabOutput {
  stdout: { write(text: string): unknown }
  stderr: { write(text: string): unknown }
  env: Readonly<Record<string, string | undefined>>
}

export async function runLab(_argv: readonly string[], io: LabOutput): Promise<number> {
  io.stderr.write('The lab is not part of this build yet.\n')
  return 2
}
