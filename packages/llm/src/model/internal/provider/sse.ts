/**
 * Reads server-sent events from bytes, as the HTML standard describes them.
 *
 * @since 0.1.0
 */

/** One event. `data` is never empty. */
export interface ServerEvent {
  readonly event: string | undefined
  readonly data: string
}

/** Takes in the bytes of one network chunk and returns the events that are complete. */
export type Parser = (bytes: Uint8Array) => ReadonlyArray<ServerEvent>

/**
 * Makes a parser. Lines, characters and events may be split anywhere; lines may end in LF, CRLF or CR.
 *
 * An event that the connection breaks off is never returned.
 */
export const makeParser = (): Parser => {
  const decoder = new TextDecoder()
  let rest = ""
  let afterCr = false
  let event: string | undefined
  let data: string | undefined

  return (bytes) => {
    const events: Array<ServerEvent> = []
    let text = decoder.decode(bytes, { stream: true })
    if (afterCr && text.startsWith("\n")) text = text.slice(1)
    if (text !== "") afterCr = text.endsWith("\r")
    if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n")

    let start = 0
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      // The piece before is only joined to a line end, so that a line of many pieces is not searched again.
      const line = rest === "" ? text.slice(start, end) : rest + text.slice(start, end)
      rest = ""
      start = end + 1
      if (line === "") {
        if (data) events.push({ event, data })
        event = data = undefined
      } else if (line.startsWith("data:")) {
        const value = line.slice(line.charCodeAt(5) === space ? 6 : 5)
        data = data === undefined ? value : `${data}\n${value}`
      } else if (line.startsWith("event:")) {
        event = line.slice(line.charCodeAt(6) === space ? 7 : 6)
      } else if (line.startsWith("error:")) {
        // No field of the standard, but the one in which llama.cpp reports that it gave up.
        event = "error"
        data = line.slice(line.charCodeAt(6) === space ? 7 : 6)
      }
    }
    rest += start === 0 ? text : text.slice(start)
    return events
  }
}

const space = 32
