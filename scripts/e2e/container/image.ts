// Builds the image of the Dockerfile, by its very steps. No registry is needed: the base that it names is replaced by one
// that is made here of this machine's Node and the libraries that it loads, laid out as in that base.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onExit, root } from '../testbed.ts'

/** As an image keeps it: https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md */
export interface ImageConfig {
  User: string
  Env: string[]
  Entrypoint: string[]
  Cmd: string[]
  WorkingDir: string
  Labels: Record<string, string>
}

export interface Image {
  /** The unpacked file system. */
  root: string
  config: ImageConfig
  /** The base that the Dockerfile names. */
  base: string
}

/** What this machine lacks to build the image and to run it; empty: nothing. */
export function missing(): string[] {
  if (process.platform !== 'linux') return ['Linux']
  const tools = ['buildah', 'runc'].filter((tool) => spawnSync(tool, ['--version']).error !== undefined)
  return process.getuid?.() === 0 ? tools : [...tools, 'the rights of root']
}

export function buildImage(): Image {
  const storage = mkdtempSync(join(tmpdir(), 'e2e-image-'))
  const buildah = (...args: string[]) => {
    const where = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run'), '--storage-driver', 'vfs']
    return execFileSync('buildah', [...where, ...args], { cwd: root, encoding: 'utf8' }).trim()
  }
  onExit(() => {
    buildah('rm', '--all')
    rmSync(storage, { recursive: true, force: true })
  })
  const base = /^FROM (\S+)$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))?.[1] ?? ''
  const local = 'localhost/base'
  const dockerfile = join(storage, 'Dockerfile')
  writeFileSync(dockerfile, 'FROM scratch\nCOPY . /\n')
  const quietly = ['bud', '--isolation', 'chroot', '--quiet']
  buildah(...quietly, '--tag', local, '--file', dockerfile, makeBase(join(storage, 'base')))
  buildah(...quietly, '--tag', 'localhost/built', '--build-context', `${base}=container-image://${local}`, '.')
  const { OCIv1 } = JSON.parse(buildah('inspect', '--type', 'image', 'localhost/built'))
  return { root: buildah('mount', buildah('from', 'localhost/built')), config: OCIv1.config, base }
}

/** Node and what it loads, an account, and nothing else. */
function makeBase(folder: string): string {
  const node = realpathSync(process.execPath)
  copy(node, join(folder, 'nodejs/bin/node'))
  const loaded = execFileSync('ldd', [node], { encoding: 'utf8' }).match(/(?<=\s)\/\S+/g) ?? []
  for (const library of loaded) copy(realpathSync(library), join(folder, library))
  mkdirSync(join(folder, 'etc'))
  writeFileSync(join(folder, 'etc/passwd'), 'nonroot:x:65532:65532::/tmp:/sbin/nologin\n')
  for (const name of ['dev', 'proc', 'sys', 'tmp', 'var/run']) mkdirSync(join(folder, name), { recursive: true })
  return folder
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  if (!existsSync(to)) cpSync(from, to)
}
