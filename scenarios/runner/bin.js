#!/usr/bin/env node
// Plain JavaScript: an older Node dies on a .ts file before it could say what is wrong.
const needed = [24, 15]
const [major, minor] = process.versions.node.split('.').map(Number)

if (major > needed[0] || (major === needed[0] && minor >= needed[1])) {
  const { main } = await import('./main.ts')
  await main(process.argv)
} else {
  process.stderr.write(
    `failover-lab needs Node ${needed.join('.')} or later; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'In a working copy, run it through npm, which brings its own Node on Linux: npm ci && npm start, or npm run lab -- --help.\n' +
      'Elsewhere, install Node 24 LTS from https://nodejs.org and try again.\n',
  )
  process.exitCode = 64
}
