/**
 * The loudspeaker's side of the audio thread: plays samples in the order in which they came, and counts those that were
 * played, for each stream by itself.
 *
 * It is told `{ stream }`, `{ samples: ArrayBuffer }` and `{ clear }`, where a stream is `{ generation, stream }`. It posts
 * `{ played: { generation, stream, samples, cleared }, level, queued }`: at the first sample of a stream, every 60 ms, when
 * nothing is left, and at once as the answer to a clear, which is exact.
 *
 * One file without imports: not every browser or bundler loads what a worklet imports.
 */

/** Streams whose count is kept after them. */
const kept = 16

const keyOf = ({ generation, stream }) => `${generation}.${stream}`

class Play extends AudioWorkletProcessor {
  constructor(options) {
    super()
    this.reportEvery = Math.round(options.processorOptions.sampleRateHz * 0.06)
    this.gain = 1
    this.queue = []
    this.offset = 0
    this.queued = 0
    /** The stream of what comes next, and the counts of each. */
    this.coming = undefined
    this.counts = new Map()
    this.unreported = 0
    this.energy = 0
    this.ended = false
    this.port.onmessage = ({ data }) => this.told(data)
  }
  told({ clear, end, gain, samples, stream }) {
    if (stream !== undefined) this.coming = stream
    if (gain !== undefined) this.gain = gain
    if (samples !== undefined && this.coming !== undefined) {
      const taken = new Int16Array(samples)
      if (taken.length > 0) this.queue.push({ samples: taken, stream: this.coming })
      this.queued += taken.length
    }
    if (clear !== undefined) this.clear(clear)
    if (end !== undefined) this.ended = true
  }
  /** Drops what was not played, and tells how much was. */
  clear(of) {
    this.queue = []
    this.offset = 0
    this.queued = 0
    this.report(of, true)
  }
  report(of, cleared = false) {
    const level = this.unreported === 0 ? 0 : Math.sqrt(this.energy / this.unreported)
    this.unreported = 0
    this.energy = 0
    const samples = this.counts.get(keyOf(of)) ?? 0
    this.port.postMessage({ played: { ...of, samples, cleared }, level, queued: this.queued })
  }
  /** Counts samples that were played, and gives whether they were the first of their stream. */
  count(of, samples) {
    const key = keyOf(of)
    const before = this.counts.get(key)
    this.counts.set(key, (before ?? 0) + samples)
    if (this.counts.size > kept) this.counts.delete(this.counts.keys().next().value)
    return before === undefined
  }
  process(_, outputs) {
    const output = outputs[0][0]
    let filled = 0
    let playing
    let isFirst = false
    while (filled < output.length && this.queue.length > 0) {
      const { samples, stream } = this.queue[0]
      if (playing !== undefined && keyOf(playing) !== keyOf(stream)) this.report(playing)
      playing = stream
      const length = Math.min(output.length - filled, samples.length - this.offset)
      for (let i = 0; i < length; i++) {
        const sample = samples[this.offset + i] / 32768
        this.energy += sample * sample
        output[filled + i] = sample * this.gain
      }
      isFirst = this.count(stream, length) || isFirst
      filled += length
      this.queued -= length
      this.unreported += length
      this.offset += length
      if (this.offset === samples.length) {
        this.queue.shift()
        this.offset = 0
      }
    }
    if (playing !== undefined && (isFirst || this.queue.length === 0 || this.unreported >= this.reportEvery)) {
      this.report(playing)
    }
    return !this.ended
  }
}

registerProcessor("antiphon-play", Play)
