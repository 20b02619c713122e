import { Recording } from "@antiphon/core"
import { Effect, FileSystem, Stream } from "effect"

const tell = (line: Recording.Read): ReadonlyArray<string> => {
  if (line._tag === "Reported" && line.report._tag === "UserTextSent") return [`caller: ${line.report.content}`]
  if (line._tag === "Sent" && line.output._tag === "AgentSendText") return [`agent: ${line.output.text}`]
  return line._tag === "Truncated" ? ["(the recording breaks off here)"] : []
}

/** What was said on a recorded call, however long the file is. */
export const transcript = Effect.fn("transcript")(function* (path: string) {
  const files = yield* FileSystem.FileSystem
  return yield* files.stream(path).pipe(
    Stream.decodeText,
    Recording.decodeStream,
    Stream.flatMap((line) => Stream.fromIterable(tell(line))),
    Stream.runCollect
  )
})
