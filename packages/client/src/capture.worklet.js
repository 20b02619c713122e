/**
 * The microphone's side of the audio thread: brings what comes in to the rate of the call, cuts it into frames of 20 ms of
 * 16-bit samples, and posts them as `{ samples: ArrayBuffer, level }`. `level` is the root mean square, 0 to 1.
 *
 * One file without imports: not every browser or bundler loads what a worklet imports.
 */

/** Input samples on each side of an output sample that count for it. */
const reach = 24

/** Brings samples from one rate to another with a windowed sinc. The same rate passes unchanged. */
class Resampler {
  constructor(from, to) {
    this.step = from / to
    this.cutoff = Math.min(1, to / from) * 0.92
    this.held = new Float32Array(0)
    /** Where the next output sample lies in what is held. */
    this.at = 0
  }
  push(input) {
    if (this.step === 1) return input
    const all = new Float32Array(this.held.length + input.length)
    all.set(this.held)
    all.set(input, this.held.length)
    const output = []
    while (this.at + reach < all.length) {
      output.push(this.sample(all))
      this.at += this.step
    }
    const done = Math.max(0, Math.floor(this.at) - reach)
    this.held = all.slice(done)
    this.at -= done
    return output
  }
  sample(all) {
    const middle = Math.floor(this.at)
    let sum = 0
    for (let i = Math.max(0, middle - reach + 1); i <= middle + reach; i++) {
      const x = i - this.at
      const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / (reach + 1))
      const phase = Math.PI * x * this.cutoff
      sum += all[i] * window * this.cutoff * (phase === 0 ? 1 : Math.sin(phase) / phase)
    }
    return sum
  }
}

class Capture extends AudioWorkletProcessor {
  constructor(options) {
    super()
    const { contextRateHz, sampleRateHz } = options.processorOptions
    this.resampler = new Resampler(contextRateHz, sampleRateHz)
    this.frame = new Int16Array(sampleRateHz / 50)
    this.filled = 0
    this.energy = 0
    this.ended = false
    this.port.onmessage = () => (this.ended = true)
  }
  process(inputs) {
    const channel = inputs[0]?.[0]
    if (channel !== undefined) for (const sample of this.resampler.push(channel)) this.take(sample)
    return !this.ended
  }
  take(sample) {
    const clipped = Math.max(-1, Math.min(1, sample))
    this.energy += clipped * clipped
    this.frame[this.filled++] = Math.round(clipped * 32767)
    if (this.filled < this.frame.length) return
    const samples = this.frame.slice().buffer
    this.port.postMessage({ samples, level: Math.sqrt(this.energy / this.filled) }, [samples])
    this.filled = 0
    this.energy = 0
  }
}

registerProcessor("antiphon-capture", Capture)
