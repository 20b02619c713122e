/**
 * Calls a voice agent from a web page: the microphone goes to the agent, its voice to the loudspeaker, and the agent knows to
 * the sample what was heard.
 *
 * ```js
 * import { call } from "@antiphon/client"
 *
 * button.onclick = async () => {
 *   const line = await call("/voice")
 *   line.on("transcript", ({ text }) => (you.textContent = text))
 *   line.on("agent_heard", ({ text }) => (agent.textContent += text))
 *   line.on("closed", ({ meaning }) => (status.textContent = meaning))
 * }
 * ```
 *
 * A line that is lost is told (`closed`) and not opened again by itself: whoever was talking would not know that nobody heard.
 */
import { openLine } from "./line.js"
import { openLoudspeaker } from "./loudspeaker.js"
import { failureOf, listDevices, openMicrophone } from "./microphone.js"

export { listDevices }

const formats = { 8000: "pcm_8000", 16000: "pcm_16000", 24000: "pcm_24000", 48000: "pcm_48000" }

/** The server did not take the call, or ended it before it had begun. */
export class CallError extends Error {
  constructor(message, fields) {
    super(message)
    this.name = "CallError"
    Object.assign(this, fields)
  }
}

/** Tells listeners by name. */
const makeEvents = () => {
  const listeners = new Map()
  return {
    on: (name, listener) => {
      if (!listeners.has(name)) listeners.set(name, new Set())
      listeners.get(name).add(listener)
      return () => listeners.get(name).delete(listener)
    },
    emit: (name, event) => {
      for (const listener of [...(listeners.get(name) ?? []), ...(listeners.get("*") ?? [])]) {
        // A listener that throws must not silence the call.
        try {
          listener(event, name)
        } catch (error) {
          queueMicrotask(() => {
            throw error
          })
        }
      }
    }
  }
}

/** Opens a call. Resolves when the agent is on the line. Call it in the handler of a click: else browsers play nothing. */
export const call = async (url, options = {}) => {
  const { echoCancellation = true, microphone: wantsMicrophone = true, sampleRateHz = 16000 } = options
  const events = makeEvents()
  if (options.onEvent !== undefined) events.on("*", options.onEvent)
  const levels = { caller: 0, agent: 0 }
  let line
  let microphone
  let deviceId = options.microphoneId
  let muted = options.muted === true
  let isReady = false
  let isOver = false
  let isEnding = false
  let queued = 0
  let resolveClosed
  const closed = new Promise((resolve) => (resolveClosed = resolve))

  const loudspeaker = await openLoudspeaker({
    sampleRateHz,
    onPlayed: (played, level, left) => {
      queued = left
      levels.agent = left === 0 ? 0 : level
      line?.send({ type: "played", ...played })
      events.emit("played", played)
      if (isEnding && queued === 0) line.end()
    }
  })

  const closeMicrophone = async () => {
    const open = microphone
    microphone = undefined
    levels.caller = 0
    await open?.close()
  }
  const release = () => Promise.allSettled([closeMicrophone(), loudspeaker.close()])

  /** Opens the microphone, or tells why it cannot: the call goes on with what is typed. */
  const openMic = async () => {
    await closeMicrophone()
    try {
      const opened = await openMicrophone({
        sampleRateHz,
        constraints: {
          echoCancellation,
          noiseSuppression: options.noiseSuppression ?? true,
          autoGainControl: options.autoGainControl ?? true,
          channelCount: 1,
          ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } })
        },
        onFrame: (samples, level) => {
          levels.caller = muted ? 0 : level
          if (isReady) line.sendAudio(samples, 20)
        },
        onLost: () => {
          closeMicrophone()
          events.emit("microphone", { state: "lost", detail: "The microphone is gone." })
        }
      })
      if (isOver) return opened.close()
      microphone = opened
      microphone.setMuted(muted)
      events.emit("microphone", { state: "on", detail: microphone.label })
    } catch (error) {
      events.emit("microphone", { state: "off", detail: failureOf(error) })
    }
  }

  const receive = {
    stream: ({ generation, stream }) => loudspeaker.stream({ generation, stream }),
    clear: ({ generation, stream }) => loudspeaker.clear({ generation, stream }),
    // What was said is played to its end; then the call is over.
    bye: () => {
      isEnding = true
      if (queued === 0 || loudspeaker.isBlocked()) line.end()
    }
  }

  const ready = await new Promise((resolve, reject) => {
    line = openLine({
      url,
      token: options.token,
      onOpen: () =>
        line.send({
          type: "start",
          format: formats[sampleRateHz],
          call_id: options.callId,
          agent_id: options.agentId,
          metadata: options.metadata,
          echo_free: options.headphones === true
        }),
      onAudio: (samples) => {
        queued += samples.byteLength / 2
        loudspeaker.play(samples)
      },
      onMessage: (message) => {
        receive[message.type]?.(message)
        if (message.type === "ready") {
          isReady = true
          resolve(message)
        } else if (message.type === "error" && !isReady) {
          reject(new CallError(message.detail, message))
          line.end()
        }
        events.emit(message.type, message)
      },
      onClosed: (closing) => {
        isOver = true
        release()
        reject(new CallError(closing.meaning, closing))
        events.emit("closed", closing)
        resolveClosed(closing)
      }
    })
  }).catch((error) => {
    isOver = true
    release()
    throw error
  })

  options.signal?.addEventListener("abort", () => line.close())
  // Not waited for: the agent may greet while the user is asked about the microphone. In a task of its own, so that whoever
  // waits for this call hears what became of it.
  if (wantsMicrophone) setTimeout(openMic)

  return {
    callId: ready.call_id,
    /** What the server says of itself: which recogniser and voice are in use, and anything else it tells. */
    about: ready.about ?? {},
    on: events.on,
    levels,
    closed,
    get isMuted() {
      return muted
    },
    get isMicrophoneOn() {
      return microphone !== undefined
    },
    get isBlocked() {
      return loudspeaker.isBlocked()
    },
    resume: loudspeaker.resume,
    setVolume: loudspeaker.setVolume,
    setLoudspeaker: loudspeaker.setDevice,
    setMicrophone: (id) => {
      deviceId = id
      return openMic()
    },
    closeMicrophone: async () => {
      await closeMicrophone()
      events.emit("microphone", { state: "off", detail: "You switched the microphone off." })
    },
    mute: (on = true) => {
      muted = on
      microphone?.setMuted(on)
      if (on) levels.caller = 0
    },
    say: (text) => line.send({ type: "text", text }),
    talk: (pressed) => line.send({ type: "talk", pressed }),
    press: (button) => line.send({ type: "dtmf", button }),
    send: (metadata) => line.send({ type: "custom", metadata }),
    hangUp: () => {
      line.close()
      return closed
    }
  }
}
