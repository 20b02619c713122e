/** Opens a page in the user's browser. */
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...ReadonlyArray<string>]>>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""]
}

/** Opens a page with the system's program for web pages. Fails if there is none. */
export const openPage = (url: string) => {
  const [command, ...args] = openers[process.platform] ?? ["xdg-open"]
  return Effect.scoped(
    Effect.flatMap(
      ChildProcess.make(command, [...args, url], { stdin: "ignore", stdout: "ignore", stderr: "ignore" }),
      (opener) => opener.exitCode
    )
  )
}
