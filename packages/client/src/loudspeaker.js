/** The loudspeaker of a call: plays 16-bit samples, and tells how many of each stream were played. */

/** Opens a loudspeaker. `onPlayed(played, level, queued)` is told what the worklet counts. */
export const openLoudspeaker = async ({ onPlayed, sampleRateHz }) => {
  const context = new AudioContext({ sampleRate: sampleRateHz, latencyHint: "interactive" })
  const last = new Map()
  let node
  try {
    await context.audioWorklet.addModule(new URL("./play.worklet.js", import.meta.url))
    node = new AudioWorkletNode(context, "antiphon-play", {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions: { sampleRateHz }
    })
  } catch (error) {
    await context.close()
    throw error
  }
  node.port.onmessage = ({ data: { level, played, queued } }) => {
    last.set(`${played.generation}.${played.stream}`, played.samples)
    if (last.size > 16) last.delete(last.keys().next().value)
    onPlayed(played, level, queued)
  }
  node.connect(context.destination)
  // Without a gesture of the user a browser plays nothing. `isBlocked` tells, and `resume` tries again.
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 300))])

  return {
    stream: (stream) => node.port.postMessage({ stream }),
    play: (samples) => node.port.postMessage({ samples }, [samples]),
    clear: (clear) => {
      node.port.postMessage({ clear })
      // An audio thread that stands still answers nothing, and what it has counted stays true.
      if (context.state === "running") return
      onPlayed({ ...clear, samples: last.get(`${clear.generation}.${clear.stream}`) ?? 0, cleared: true }, 0, 0)
    },
    isBlocked: () => context.state !== "running",
    resume: () => context.resume(),
    setVolume: (gain) => node.port.postMessage({ gain }),
    /** Chooses the device. Not every browser can; it fails with what the browser says. */
    setDevice: (deviceId) => context.setSinkId(deviceId),
    close: async () => {
      node.port.onmessage = null
      node.port.postMessage({ end: true })
      await context.close()
    }
  }
}
