/** The latest lines of a dialogue, which a turn detector is shown. A mutable value. */
import type * as Transport from "../../Transport.ts"

export type Dialogue = Array<{ readonly role: "user" | "agent"; readonly text: string }>

/** Number of lines of the dialogue shown to a turn detector. */
const remembered = 8

/** Adds what an event says was said, if anything. Consecutive words of the agent make one line. */
export const hear = (dialogue: Dialogue, event: Transport.Shown): void => {
  if (event._tag === "Transcript" && event.isFinal) remember(dialogue, "user", event.text)
  else if (event._tag === "AgentText") remember(dialogue, "agent", event.text)
}

const remember = (dialogue: Dialogue, role: "user" | "agent", text: string): void => {
  const last = dialogue.at(-1)
  if (role === "agent" && last?.role === "agent") dialogue[dialogue.length - 1] = { role, text: last.text + text }
  else dialogue.push({ role, text })
  if (dialogue.length > remembered) dialogue.shift()
}
