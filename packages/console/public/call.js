/** One call over a WebSocket, seen from the harness: it opens, carries messages both ways, and closes with a reason. */

const meanings = {
  1001: "The server is stopping.",
  1006: "The connection was lost.",
  1008: "The server ended the call: a limit was passed.",
  1009: "The server ended the call: a message was too long.",
  1011: "The server ended the call: something failed there.",
  1012: "The server is restarting.",
  1013: "The server is too busy."
}

/** Says in words why a socket that was open has closed. */
export const closeMeaning = ({ byUs, code }) => {
  if (byUs) return "You hung up."
  return meanings[code] ?? (code === 1000 ? "The server ended the call." : `The connection closed with code ${code}.`)
}

/** An id for a call. `crypto.randomUUID` is missing where a page comes from another machine without TLS. */
export const newCallId = () =>
  `web-${Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => byte.toString(16).padStart(2, "0")).join("")}`

/** Address of the wire beside this page. */
const address = () => {
  const url = new URL("ws", location.href)
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
  url.search = ""
  url.hash = ""
  return url
}

// The only header that a page may fill when it opens a socket. The server agrees on the first one.
const protocolsOf = (token) => {
  if (token === "") return []
  const bytes = String.fromCodePoint(...new TextEncoder().encode(token))
  const encoded = btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
  return ["antiphon", `antiphon.bearer.${encoded}`]
}

/**
 * Finds out why the server did not take a call, which a socket does not tell: asks for one over HTTP as a platform does.
 * Gives the status, or undefined where there is no server.
 */
export const askRefusal = (token) =>
  fetch("chats", {
    method: "POST",
    headers: token === "" ? {} : { authorization: `Bearer ${token}` },
    body: "{}",
    cache: "no-store"
  }).then(
    ({ status }) => status,
    () => undefined
  )

/**
 * Opens a call. `onFrame(direction, message, text)` sees each message of either side; `message` is undefined where the
 * text is no JSON object. `onClose` is told once. `request` is what the start message tells the agent.
 */
export const openCall = ({ onClose, onFrame, onOpen, request, token }) => {
  const socket = new WebSocket(address(), protocolsOf(token))
  let wasOpen = false
  let byUs = false

  const send = (message) => {
    if (socket.readyState !== WebSocket.OPEN) return
    const text = JSON.stringify(message)
    socket.send(text)
    onFrame("out", message, text)
  }

  socket.onopen = () => {
    wasOpen = true
    onOpen()
    send({ type: "start", ...request })
  }
  socket.onmessage = ({ data }) => {
    if (byUs) return
    const text = typeof data === "string" ? data : "(binary)"
    let message
    try {
      message = JSON.parse(text)
    } catch {}
    onFrame("in", typeof message === "object" && message !== null ? message : undefined, text)
  }
  socket.onclose = ({ code, reason }) => onClose({ code, reason, wasOpen, byUs })

  return {
    send,
    /** Hangs up. */
    close: () => {
      byUs = true
      socket.close(1000)
    }
  }
}

/** Asks until the server answers, more and more rarely. Returns a function that gives up. */
export const awaitServer = (onBack) => {
  let wait = 500
  let timer
  const ask = async () => {
    const answered = await fetch("status", { cache: "no-store" }).then(
      (response) => response.ok,
      () => false
    )
    if (timer === undefined) return
    if (answered) return onBack()
    wait = Math.min(8000, wait * 1.6)
    timer = setTimeout(ask, wait)
  }
  timer = setTimeout(ask, wait)
  return () => {
    clearTimeout(timer)
    timer = undefined
  }
}
