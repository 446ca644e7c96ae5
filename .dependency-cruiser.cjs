/**
 * Who may import whom (docs/ARCHITECTURE.md has the table in words). `npm run imports` applies it; .ci/imports.test.ts plants a
 * breach of every rule here and looks whether it is found. Tests and contracts are free.
 */
const free = '\\.(test|contract)\\.ts$'
const product = '^(shared|agent|appliance|scenarios|\\.ci)/'
const outside = [
  'core',
  'npm',
  'npm-dev',
  'npm-optional',
  'npm-peer',
  'npm-bundled',
  'npm-no-pkg',
  'npm-unknown',
  'unknown',
]

/**
 * The named adapters of `shared/`: a file or folder, and the one thing from outside that it may import. `pki/` makes keys and keeps
 * them on disk, so it may have all of `node:*` as well (which the cruiser names without a folder).
 */
const adapters = [
  { name: 'address', path: '^shared/address\\.ts$', may: 'node_modules/ipaddr\\.js/' },
  { name: 'random', path: '^shared/random\\.ts$', may: 'node_modules/pure-rand/' },
  { name: 'topology-file', path: '^shared/topology/file\\.ts$', may: 'node_modules/yaml/' },
  { name: 'schema', path: '^shared/(wire/|.*\\.schema\\.ts$)', may: 'node_modules/typebox/' },
  { name: 'door', path: '^shared/door/', may: '^crypto$|node_modules/(fastify|@fastify/rate-limit)/' },
  { name: 'pki', path: '^shared/pki/', may: '^[^/]+$|^fs/promises$|node_modules/(@types/)?node-forge/' },
]

const rule = (name, from, to) => ({ name, severity: 'error', from: { pathNot: free, ...from }, to })

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'resolves', severity: 'error', from: {}, to: { couldNotResolve: true } },
    rule('shared-only-itself', { path: '^shared/' }, { path: product, pathNot: '^shared/' }),
    rule(
      'shared-libraries-in-adapters',
      { path: '^shared/', pathNot: [free, ...adapters.map((adapter) => adapter.path)] },
      { dependencyTypes: outside },
    ),
    ...adapters.map(({ name, path, may }) =>
      rule(`shared-adapter-${name}`, { path }, { dependencyTypes: outside, pathNot: may }),
    ),
    rule('core-only-own-and-shared', { path: '^(agent|appliance)/core/' }, { pathNot: '^$1/core/|^shared/' }),
    rule(
      'core-schema-types-only',
      { path: '^(agent|appliance)/core/' },
      { path: '^shared/.*\\.schema\\.ts$', dependencyTypesNot: ['type-only'] },
    ),
    rule('agent-not-appliance', { path: '^agent/' }, { path: '^appliance/' }),
    rule('appliance-not-agent', { path: '^appliance/' }, { path: '^agent/' }),
    rule(
      'shell-own-core-and-shared',
      { path: '^(agent|appliance)/shell/' },
      { path: product, pathNot: '^$1/(core|shell)/|^shared/' },
    ),
    rule('program-own-and-shared', { path: '^(agent|appliance)/[^/]+\\.ts$' }, { path: '^(scenarios|\\.ci)/' }),
    rule('main-is-never-imported', {}, { path: '^(agent|appliance)/main\\.ts$' }),
    rule(
      'scenario-only-its-vocabulary',
      { path: '^scenarios/[^/]+\\.ts$' },
      { pathNot: '^scenarios/runner/scenario\\.ts$' },
    ),
    rule(
      'runner-no-shell',
      { path: '^scenarios/runner/' },
      { path: '^(agent|appliance|\\.ci)/', pathNot: '^(agent|appliance)/core/' },
    ),
    rule('checker-no-core', { path: '^scenarios/runner/checkers/' }, { path: '^(agent|appliance)/' }),
    rule(
      'museum-stands-alone',
      { path: '^scenarios/museum/[^/]+\\.ts$' },
      { path: product, pathNot: '^scenarios/museum/' },
    ),
    rule('ci-stands-alone', { path: '^\\.ci/' }, { path: product, pathNot: '^\\.ci/' }),
    rule(
      'no-development-library',
      // The bundler of the image runs while it is built, and is not in it.
      { path: '^(shared|agent|appliance|scenarios)/', pathNot: `${free}|^scenarios/runner/compose/image/bundle\\.ts$` },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'node_modules/.*/node_modules/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
}
