/**
 * A server-side WebSocket that detects a peer that is silently gone: it pings every 20 seconds, as Line's server does.
 */
import * as NodeWS from "@effect/platform-node/NodeWS"

/** Makes the class of sockets that ping their peer, and drop it if it has not answered by the next ping. */
export const pingingWebSocket = (intervalMs = 20_000): typeof NodeWS.WebSocket => {
  class Pinging extends NodeWS.WebSocket {
    constructor(...args: ConstructorParameters<typeof NodeWS.WebSocket>) {
      super(...args)
      let answered = true
      const timer = setInterval(() => {
        if (this.readyState !== NodeWS.WebSocket.OPEN) return
        if (!answered) return this.terminate()
        answered = false
        this.ping()
      }, intervalMs)
      timer.unref()
      this.on("pong", () => {
        answered = true
      })
      this.once("close", () => clearInterval(timer))
    }
  }
  // `ws` constructs server sockets with a null address, which the types of its `WebSocket` option do not allow for.
  return Pinging as unknown as typeof NodeWS.WebSocket
}
