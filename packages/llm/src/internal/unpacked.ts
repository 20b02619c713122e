/** The body of an answer as its server meant it. Some compress although they were not asked to. */
import type { IncomingMessage } from "node:http"
import type { Readable } from "node:stream"
import * as Zlib from "node:zlib"

/** The bytes of the body, unpacked if they are packed. What fails in the answer itself is still the answer's to tell. */
export const of = (answer: IncomingMessage): Readable => {
  switch (answer.headers["content-encoding"]?.trim().toLowerCase()) {
    case "gzip":
    case "x-gzip":
      return answer.pipe(Zlib.createGunzip())
    case "deflate":
      return answer.pipe(Zlib.createInflate())
    case "br":
      return answer.pipe(Zlib.createBrotliDecompress())
    default:
      return answer
  }
}
