/** `node scenarios/runner/compose/image/bundle.ts FOLDER`: every program of a container as one file, with the map that traces lead back by. */
import { build } from 'esbuild'

const [outdir] = process.argv.slice(2)
if (outdir === undefined) {
  process.stderr.write('usage: node scenarios/runner/compose/image/bundle.ts FOLDER\n')
  process.exit(64)
}
const programs = 'scenarios/runner/compose/programs'

await build({
  entryPoints: {
    agent: 'agent/main.ts',
    appliance: 'appliance/main.ts',
    'socket-tap': 'scenarios/runner/world/socket-tap.ts',
    lab: `${programs}/lab.ts`,
    setup: `${programs}/setup.ts`,
    door: `${programs}/door.ts`,
  },
  outdir,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  sourcemap: true,
  sourcesContent: false,
  // The project's own settings keep imports of which only types are used; a bundle would carry what they lead to.
  tsconfigRaw: {},
  // Native: it comes as a package.
  external: ['@node-rs/argon2'],
  // For CommonJS packages among the bundled ones.
  banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  logLevel: 'warning',
})
