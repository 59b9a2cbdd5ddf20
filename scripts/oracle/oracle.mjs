// Runs models in onnxruntime: node oracle.mjs RUNTIME JOB
//
// RUNTIME is the folder that onnxruntime-node is installed in, JOB a JSON file beside the inputs:
//   {"runs": [{"model": "/path.onnx", "input": "x", "shape": [1,3,48,320], "data": "0.in"}, ...]}
// with data as little-endian float32. Each output is written beside them in the same form, and standard output gets
//   {"version": "1.30.0", "runs": [{"milliseconds": 1.5, "outputs": [{"name", "shape", "data"}, ...]}, ...]}
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';

const [runtime, jobFile] = process.argv.slice(2);
const load = createRequire(join(resolve(runtime), 'runtime.cjs'));
const ort = load('onnxruntime-node');
const folder = dirname(resolve(jobFile));
const { runs } = JSON.parse(readFileSync(jobFile, 'utf8'));

function floats(file) {
  const bytes = readFileSync(join(folder, file));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

const sessions = new Map();
const results = [];
for (const [index, run] of runs.entries()) {
  if (!sessions.has(run.model)) {
    const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 };
    sessions.set(run.model, await ort.InferenceSession.create(run.model, options));
  }
  const session = sessions.get(run.model);
  const feeds = { [run.input]: new ort.Tensor('float32', floats(run.data), run.shape) };
  await session.run(feeds); // the first run of a shape plans its memory
  const start = process.hrtime.bigint();
  const values = await session.run(feeds);
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  const outputs = session.outputNames.map((name, place) => {
    const data = `${index}.${place}.out`;
    const tensor = values[name];
    writeFileSync(join(folder, data), Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength));
    return { name, shape: tensor.dims, data };
  });
  results.push({ milliseconds, outputs });
}
const { version } = load('onnxruntime-node/package.json');
process.stdout.write(JSON.stringify({ version, runs: results }));
