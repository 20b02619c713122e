/** The line of a call: one WebSocket, samples in binary frames and everything else in JSON. */

/** A line on which nothing was received for this long, although it was asked, is lost. Milliseconds. */
const silentMs = 15_000
const askEveryMs = 5_000
/** Bytes that wait to leave, beyond which audio is left out: it would come too late. Two seconds at 16 kHz. */
const mostWaiting = 64_000

const meanings = {
  1001: "The server is stopping.",
  1006: "The connection was lost.",
  1008: "The server ended the call: a limit was passed.",
  1009: "The server ended the call: a message was too long.",
  1011: "The server ended the call: something failed there.",
  1013: "The server is too busy.",
  4000: "The line is dead: the server has not answered."
}

// The only header that a page may fill when it opens a socket. The server agrees on the first one.
const protocolsOf = (token) => {
  if (token === undefined || token === "") return []
  const bytes = String.fromCodePoint(...new TextEncoder().encode(token))
  const encoded = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
  return ["antiphon", `antiphon.bearer.${encoded}`]
}

/** Makes the address of a socket out of one that may be relative to the page, or have the scheme of HTTP. */
export const addressOf = (url) => {
  const address = new URL(url, globalThis.location?.href)
  address.protocol = address.protocol.replace(/^http/, "ws")
  return address
}

/**
 * Opens a line. `onAudio(samples)`, `onMessage(message)`; `onClosed({ code, reason, byUs, wasOpen, meaning })` is told once.
 */
export const openLine = ({ onAudio, onClosed, onMessage, onOpen, token, url }) => {
  const socket = new WebSocket(addressOf(url), protocolsOf(token))
  socket.binaryType = "arraybuffer"
  let byUs = false
  let wasOpen = false
  let isDone = false
  let heardAt = performance.now()
  let leftOutMs = 0
  let asking

  const finish = (code, reason) => {
    if (isDone) return
    isDone = true
    clearInterval(asking)
    const meaning = byUs
      ? "You hung up."
      : (meanings[code] ?? (code === 1000 ? "The call is over." : `The connection closed with code ${code}.`))
    onClosed({ code, reason, byUs, wasOpen, meaning: wasOpen ? meaning : "The server did not take the call." })
  }
  const send = (message) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }

  socket.onopen = () => {
    wasOpen = true
    heardAt = performance.now()
    asking = setInterval(() => {
      if (performance.now() - heardAt < silentMs) return send({ type: "ping" })
      // A socket that is dead closes only after minutes; nobody waits that long.
      socket.close(4000)
      finish(4000, "")
    }, askEveryMs)
    onOpen()
  }
  socket.onmessage = ({ data }) => {
    heardAt = performance.now()
    if (isDone) return
    if (typeof data !== "string") return onAudio(data)
    let message
    try {
      message = JSON.parse(data)
    } catch {
      return
    }
    if (typeof message === "object" && message !== null && message.type !== "pong") onMessage(message)
  }
  socket.onclose = ({ code, reason }) => finish(code, reason)

  return {
    send,
    /** Sends samples that last so many milliseconds, or leaves them out and says so if the line is behind. */
    sendAudio: (samples, ms) => {
      if (socket.readyState !== WebSocket.OPEN) return
      if (socket.bufferedAmount > mostWaiting) {
        leftOutMs += ms
        return
      }
      if (leftOutMs > 0) send({ type: "gap", ms: Math.round(leftOutMs) })
      leftOutMs = 0
      socket.send(samples)
    },
    close: () => {
      byUs = true
      if (socket.readyState === WebSocket.OPEN) send({ type: "stop" })
      socket.close(1000)
    },
    /** Closes after the server has said that the call is over. */
    end: () => socket.close(1000)
  }
}
