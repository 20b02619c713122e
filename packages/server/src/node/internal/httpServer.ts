/** Node's HTTP server with limits on how long a connection may occupy it without saying what it wants. */
import { createServer, type Server } from "node:http"

/** Time limits for receiving a whole request including its body, because slow senders occupy connections. */
const requestTimes = { headersTimeout: 10_000, requestTimeout: 60_000, connectionsCheckingInterval: 5000 }

/** Options of the server. */
export interface Options {
  /** How long a new connection may be silent, in milliseconds; 10 seconds. Node's own limits start with the first byte. */
  readonly silenceMs?: number | undefined
}

/** Makes a server. A header that must not be repeated, such as `Host`, is joined, so that no check sees only one of them. */
export const make = ({ silenceMs = requestTimes.headersTimeout }: Options = {}): Server =>
  createServer({ ...requestTimes, joinDuplicateHeaders: true }).on("connection", (socket) => {
    const timer = setTimeout(() => {
      if (socket.bytesRead === 0) socket.destroy()
    }, silenceMs).unref()
    socket.once("close", () => clearTimeout(timer))
  })
