/** The microphone of a call: frames of 20 ms of 16-bit samples at the rate of the call. */

const reasons = {
  NotAllowedError: "This page may not use the microphone.",
  NotFoundError: "No microphone was found.",
  OverconstrainedError: "That microphone is not there.",
  NotReadableError: "The microphone is in use, or failed."
}

/** Why a microphone could not be opened, in words. */
export const failureOf = (error) => reasons[error?.name] ?? `The microphone could not be opened. (${error?.name})`

/** A source in a context at the rate of the call, or at its own where a browser (Firefox) joins no two rates. */
const sourceOf = async (stream, sampleRateHz) => {
  for (const options of [{ sampleRate: sampleRateHz }, {}]) {
    const context = new AudioContext({ latencyHint: "interactive", ...options })
    try {
      return { context, source: context.createMediaStreamSource(stream) }
    } catch (error) {
      await context.close()
      if (options.sampleRate === undefined) throw error
    }
  }
}

/** Opens a microphone. `onFrame(samples, level)` is told each frame, `onLost` that the device is gone. */
export const openMicrophone = async ({ constraints, onFrame, onLost, sampleRateHz }) => {
  if (navigator.mediaDevices === undefined) {
    throw Object.assign(new Error("no media devices"), { name: "NotAllowedError" })
  }
  const stream = await navigator.mediaDevices.getUserMedia({ audio: constraints })
  const [track] = stream.getAudioTracks()
  const stopTracks = () => {
    for (const each of stream.getTracks()) each.stop()
  }
  let context
  try {
    const made = await sourceOf(stream, sampleRateHz)
    context = made.context
    await context.audioWorklet.addModule(new URL("./capture.worklet.js", import.meta.url))
    const node = new AudioWorkletNode(context, "antiphon-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { contextRateHz: context.sampleRate, sampleRateHz }
    })
    node.port.onmessage = ({ data }) => onFrame(data.samples, data.level)
    track.addEventListener("ended", onLost)
    made.source.connect(node)
    await context.resume()
    return {
      label: track.label,
      /** What the browser does to the sound; it may do less than it was asked for. */
      settings: track.getSettings(),
      /** A muted microphone sends silence, so the time of the call goes on. */
      setMuted: (muted) => (track.enabled = !muted),
      close: async () => {
        track.removeEventListener("ended", onLost)
        node.port.onmessage = null
        node.port.postMessage("end")
        stopTracks()
        await context.close()
      }
    }
  } catch (error) {
    stopTracks()
    await context?.close()
    throw error
  }
}

/** The microphones and loudspeakers there are. Their names are empty until the page may use a microphone. */
export const listDevices = async () => {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? []
  const of = (kind) => all.filter((device) => device.kind === kind).map(({ deviceId, label }) => ({ deviceId, label }))
  return { microphones: of("audioinput"), loudspeakers: of("audiooutput") }
}
