/**
 * A server-side WebSocket that detects a peer that is silently gone: it pings every 20 seconds, as Line's server does. It also
 * drops a peer that sends too many pings and pongs, which the limits of a call do not see.
 */
import * as NodeWS from "@effect/platform-node/NodeWS"

/** Pings and pongs of a peer between two pings of ours: a hundred a second. */
const mostControlFrames = 2000

/** Makes the class of sockets that ping their peer, and drop it if it has not answered by the next ping. */
export const pingingWebSocket = (intervalMs = 20_000): typeof NodeWS.WebSocket => {
  class Pinging extends NodeWS.WebSocket {
    constructor(...args: ConstructorParameters<typeof NodeWS.WebSocket>) {
      super(...args)
      let answered = true
      let controlFrames = 0
      const count = () => {
        if (++controlFrames > mostControlFrames) this.terminate()
      }
      const timer = setInterval(() => {
        controlFrames = 0
        if (this.readyState !== NodeWS.WebSocket.OPEN) return
        if (!answered) return this.terminate()
        answered = false
        this.ping()
      }, intervalMs)
      timer.unref()
      this.on("pong", () => {
        answered = true
        count()
      })
      this.on("ping", count)
      this.once("close", () => clearInterval(timer))
    }
  }
  // `ws` constructs server sockets with a null address, which the types of its `WebSocket` option do not allow for.
  return Pinging as unknown as typeof NodeWS.WebSocket
}
