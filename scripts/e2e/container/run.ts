// Runs the image as Kubernetes would with the security context of examples/kubernetes: as the image's user, process 1 of its
// own process namespace, read-only file system, no capability, no new privileges. Only the network is the machine's own, because the
// testbed listens on its loopback.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { onExit } from '../testbed.ts'
import { type EndedProcess, type Running, start } from '../tool.ts'
import type { Image } from './image.ts'

export interface ContainerOptions {
  /** Instead of the image's own command. */
  args?: readonly string[]
  /** Instead of the image's entry point, for looks around from inside. */
  entrypoint?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** Files of this machine, by their path in the container; read-only. */
  files?: Readonly<Record<string, string>>
}

export interface Container extends Running {
  /** To process 1, as Kubernetes sends it. */
  signal(name: string): void
}

export function startContainer(image: Image, options: ContainerOptions): Container {
  const bundle = mkdtempSync(join(tmpdir(), 'e2e-container-'))
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(specification(image, options)))
  const id = basename(bundle)
  const runc = ['--root', join(bundle, 'state')]
  onExit(() => {
    spawnSync('runc', [...runc, 'delete', '--force', id])
    rmSync(bundle, { recursive: true, force: true })
  })
  const running = start('runc', [...runc, 'run', '--bundle', bundle, id], { PATH: process.env.PATH })
  return { ...running, signal: (name) => void spawnSync('runc', [...runc, 'kill', id, name]) }
}

export function runContainer(image: Image, options: ContainerOptions): Promise<EndedProcess> {
  return startContainer(image, options).ended
}

/** https://github.com/opencontainers/runtime-spec/blob/v1.2.1/config.md */
function specification({ root, config }: Image, { args, entrypoint, env = {}, files = {} }: ContainerOptions): object {
  const [uid, gid] = config.User.split(':').map(Number)
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const none = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] }
  const kernel = ['nosuid', 'noexec', 'nodev']
  const mounts = Object.entries(files).map(([destination, source]) => {
    return { destination, source, type: 'bind', options: ['bind', 'ro', ...kernel] }
  })
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid, gid },
      args: [...(entrypoint ?? config.Entrypoint), ...(args ?? config.Cmd)],
      env: [...config.Env, ...set],
      cwd: config.WorkingDir,
      capabilities: none,
      noNewPrivileges: true
    },
    root: { path: root, readonly: true },
    hostname: 'upgrade-pod',
    mounts: [
      { destination: '/proc', source: 'proc', type: 'proc', options: kernel },
      { destination: '/dev', source: 'tmpfs', type: 'tmpfs', options: ['nosuid', 'mode=755', 'size=64k'] },
      ...mounts
    ],
    linux: { namespaces: ['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })) }
  }
}
