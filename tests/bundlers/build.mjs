// Builds the app with one tool: `node build.mjs TOOL OUT`, or serves it as the tool does: `node build.mjs TOOL --serve`, which
// prints the address and ends when its input does. It lies in the folder where the tools, the package and the fixtures are.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import path from 'node:path';

const here = import.meta.dirname;
const app = path.join(here, 'app');
const [tool, target] = process.argv.slice(2);
const serves = target === '--serve';
const out = serves ? undefined : path.resolve(target ?? 'out');

const ENTRIES = [path.join(app, 'main.js'), path.join(app, 'worker.js')];

/** The HTML page of tools that build scripts only. */
async function page(script = '<script type="module" src="./main.js"></script>') {
  const html = await readFile(path.join(app, 'index.html'), 'utf8');
  await writeFile(path.join(out, 'index.html'), html.replace(/<script.*<\/script>/, script));
}

async function vite(name) {
  const { build, createServer } = await import(name);
  const config = { root: app, base: './', configFile: false, logLevel: 'warn', cacheDir: path.join(here, 'cache', name) };
  if (!serves) return build({ ...config, build: { outDir: out, emptyOutDir: true, chunkSizeWarningLimit: 9999 } });
  const server = await createServer({ ...config, base: '/', server: { port: 0, host: '127.0.0.1' } });
  await server.listen();
  console.log(`http://127.0.0.1:${server.httpServer.address().port}/`);
}

async function esbuild(splitting) {
  const { build } = await import('esbuild');
  // One build for each: in a common one, esbuild splits by files, and what a page takes of the package a worker gets as well.
  for (const entry of ENTRIES) await build({ entryPoints: [entry], bundle: true, minify: true, format: 'esm', outdir: out, splitting });
  await page();
}

const tools = {
  vite5: () => vite('vite5'),
  vite6: () => vite('vite6'),
  vite7: () => vite('vite7'),
  vite8: () => vite('vite8'),
  async webpack() {
    const { default: webpack } = await import('webpack');
    const entry = path.join(app, 'main.js');
    const stats = await new Promise((done, fail) => webpack({ mode: 'production', context: app, entry, output: { path: out }, performance: false }, (error, stats) => (error ? fail(error) : done(stats))));
    if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
    if (stats.hasWarnings()) console.error(stats.toString('errors-warnings'));
    await page('<script defer src="./main.js"></script>');
  },
  async rollup() {
    const { rollup } = await import('rollup');
    const { nodeResolve } = await import('@rollup/plugin-node-resolve');
    const bundle = await rollup({ input: ENTRIES, plugins: [nodeResolve({ browser: true })] });
    await bundle.write({ dir: out, format: 'es' });
    await page();
  },
  esbuild: () => esbuild(true),
  'esbuild-single': () => esbuild(false),
  parcel: () => run(['parcel', 'lib/bin.js'], ['build', path.join(app, 'index.html'), '--dist-dir', out, '--public-url', './', '--no-source-maps', '--cache-dir', path.join(here, 'cache/parcel')]),
  async plain() {
    await cp(path.join(here, 'node_modules/atelier'), path.join(out, 'atelier'), { recursive: true });
    await cp(path.join(app, 'main.js'), path.join(out, 'main.js'));
    await cp(path.join(app, 'plain-worker.js'), path.join(out, 'worker.js'));
    await cp(path.join(app, 'plain.html'), path.join(out, 'index.html'));
  },
  async next() {
    const project = path.join(here, 'next');
    if (!serves) return run(['next', 'dist/bin/next'], ['build', project]);
    await run(['next', 'dist/bin/next'], ['start', project, '--port', '0', '--hostname', '127.0.0.1'], (line) => {
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(line);
      if (found) console.log(`${found[0]}/`);
    });
  },
  'vitest-node': () => vitest('node'),
  'vitest-jsdom': () => vitest('jsdom'),
  'vitest-happy-dom': () => vitest('happy-dom'),
  node: () => run(path.join(here, 'unit/node.js'), []),
  'tsc-bundler': () => tsc('esnext', 'bundler'),
  'tsc-node16': () => tsc('node16', 'node16'),
  'tsc-nodenext': () => tsc('nodenext', 'nodenext'),
};

const vitest = (environment) => run(['vitest', 'vitest.mjs'], ['run', '--root', path.join(here, 'unit'), '--environment', environment, '--reporter', 'dot']);
const tsc = (module, moduleResolution) => run(['typescript', 'bin/tsc'], ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable', '--module', module, '--moduleResolution', moduleResolution, path.join(here, 'unit/types.ts')]);

/** Runs a script of a package (`[package, file]`) or of ours to its end; `onLine` hears what it prints. */
async function run(script, args, onLine) {
  const file = Array.isArray(script) ? path.join(here, 'node_modules', ...script) : script;
  const child = spawn(process.execPath, [file, ...args], { cwd: here, stdio: ['ignore', onLine ? 'pipe' : 2, 2], env: { ...process.env, CI: '1', NEXT_TELEMETRY_DISABLED: '1' } });
  child.stdout?.setEncoding('utf8').on('data', (text) => text.split('\n').forEach(onLine));
  process.once('exit', () => child.kill());
  const code = await new Promise((done, fail) => child.once('error', fail).once('close', done));
  if (code !== 0) throw new Error(`${path.basename(file)} ended with ${code}`);
}

if (serves) process.stdin.resume().once('end', () => process.exit());
else {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
}
await tools[tool]();
if (!serves) process.exit();
