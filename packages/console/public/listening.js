/** Plays a call that is open elsewhere, as it comes: the caller on the left, and on the right what they hear of the agent. */

/** Audio is played this much after it came, so that it does not stutter. Seconds. */
const delay = 0.3
/** Audio that lies further ahead is dropped: the page was asleep, and would fall behind for good. Seconds. */
const mostAhead = 3
const headBytes = 44
/** Two channels of 16 bits. */
const frameBytes = 4

/** Makes it. `open` gives the bytes of a WAV file without an end. */
export const makeListening = ({ onChange, onWrong, open }) => {
  let current

  const stop = () => {
    const listening = current
    if (listening === undefined) return
    current = undefined
    listening.aborting.abort()
    listening.context.close().catch(() => {})
    onChange()
  }

  const play = (listening, bytes) => {
    const { context, sampleRate } = listening
    const length = bytes.length / frameBytes
    const buffer = context.createBuffer(2, length, sampleRate)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (const channel of [0, 1]) {
      const samples = buffer.getChannelData(channel)
      for (let i = 0; i < length; i++) samples[i] = view.getInt16(i * frameBytes + 2 * channel, true) / 32_768
    }
    const now = context.currentTime
    if (listening.nextAt < now) listening.nextAt = now + delay
    if (listening.nextAt > now + mostAhead) return
    const source = context.createBufferSource()
    source.buffer = buffer
    source.connect(context.destination)
    source.start(listening.nextAt)
    listening.nextAt += buffer.duration
  }

  /** Plays whole frames, and returns the rest. */
  const take = (listening, bytes) => {
    let rest = bytes
    if (listening.sampleRate === undefined) {
      if (rest.length < headBytes) return rest
      listening.sampleRate = new DataView(rest.buffer, rest.byteOffset).getUint32(24, true)
      rest = rest.subarray(headBytes)
    }
    const whole = rest.length - (rest.length % frameBytes)
    if (whole > 0) play(listening, rest.subarray(0, whole))
    return rest.subarray(whole)
  }

  const start = async (id) => {
    const listening = { id, aborting: new AbortController(), context: new AudioContext(), nextAt: 0 }
    current = listening
    onChange()
    try {
      const reader = (await open(id, listening.aborting.signal)).getReader()
      let rest = new Uint8Array(0)
      for (let part = await reader.read(); !part.done && current === listening; part = await reader.read()) {
        const bytes = new Uint8Array(rest.length + part.value.length)
        bytes.set(rest)
        bytes.set(part.value, rest.length)
        rest = take(listening, bytes)
      }
    } catch (error) {
      if (current === listening) onWrong(error)
    }
    if (current === listening) stop()
  }

  return {
    /** The call that is listened to. */
    id: () => current?.id,
    toggle: (id) => {
      const isSame = current?.id === id
      stop()
      if (!isSame) void start(id)
    }
  }
}
