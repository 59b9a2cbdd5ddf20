// Runs models in onnxruntime as it is told. The last argument is the folder that onnxruntime-node is installed in. Each
// line of standard input is a request and gets one line of JSON:
//   {"load": "/path.onnx", "shape": [1,3,240,320], "threads": 1}  →  {"version": "1.30.0"}
//   {"run": 5}                                                    →  {"milliseconds": [3.1, …]}
// A failure is {"error": "…"}. Runs are of the model loaded last; the others stay in memory.
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const load = createRequire(join(resolve(process.argv.at(-1)), 'runtime.cjs'));
const ort = load('onnxruntime-node');
const { version } = load('onnxruntime-node/package.json');
const loaded = [];

async function answer(request) {
  if (request.load) {
    const session = await ort.InferenceSession.create(request.load, {
      executionProviders: ['cpu'], intraOpNumThreads: request.threads, interOpNumThreads: 1,
    });
    const data = new Float32Array(request.shape.reduce((a, b) => a * b));
    let state = 1; // the same noise that Umbral gets
    for (let i = 0; i < data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      data[i] = state / 2 ** 31 - 1;
    }
    const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, request.shape) };
    await session.run(feeds); // the first run plans its memory
    loaded.push({ session, feeds });
    return { version };
  }
  const { session, feeds } = loaded.at(-1);
  const milliseconds = [];
  for (let i = 0; i < request.run; i++) {
    const begin = process.hrtime.bigint();
    await session.run(feeds);
    milliseconds.push(Number(process.hrtime.bigint() - begin) / 1e6);
  }
  return { milliseconds };
}

for await (const line of createInterface({ input: process.stdin })) {
  let result;
  try {
    result = await answer(JSON.parse(line));
  } catch (error) {
    result = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(result) + '\n');
}
