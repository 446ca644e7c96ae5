/** Files that are the old or the new one whatever happens: written beside, forced to the disk, then renamed. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import path from 'node:path'

/** Returns when the new content and its name are on the disk; throws what the disk says. */
export function replaceFile(file: string, content: Uint8Array, mode = 0o666): void {
  const next = `${file}.next`
  const descriptor = openSync(next, 'w', mode)
  try {
    let written = 0
    while (written < content.length) written += writeSync(descriptor, content, written)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(next, file)
  forceFolder(path.dirname(file))
}

/** The rename itself; systems that cannot force a folder do it without being asked. */
function forceFolder(folder: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
