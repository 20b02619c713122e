/** A server's WebSocket that finds out when its peer has silently gone: a ping every 20 seconds, as Line's server does. */
import * as NodeWS from "@effect/platform-node/NodeWS"

/** Class of sockets that ping their peer, and drop one that has not answered when the next ping is due. */
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
  // `ws` makes server sockets with a null address, which its types for a server's `WebSocket` option leave out.
  return Pinging as unknown as typeof NodeWS.WebSocket
}
