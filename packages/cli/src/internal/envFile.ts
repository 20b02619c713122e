/** Variables from a file `.env`, as editors of any system write it. */
import * as ErrorText from "@antiphon/core/ErrorText"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { parseEnv } from "node:util"
import { CliError } from "../CliError.ts"

/** Sets the variables of a file that the environment does not have. Does nothing if there is no such file. */
export const load = (path: string): Effect.Effect<void, CliError> =>
  Effect.try({
    try: () => {
      for (const [name, value] of Object.entries(parseEnv(textOf(readFileSync(path))))) process.env[name] ??= value
    },
    catch: (error) => error
  }).pipe(
    Effect.catch((error) =>
      (error as NodeJS.ErrnoException).code === "ENOENT"
        ? Effect.void
        : Effect.fail(new CliError({ message: `The file ${path} cannot be read: ${ErrorText.of(error)}.` }))
    )
  )

/** Decodes the text by its byte order mark, which PowerShell and Windows' editors write. UTF-8 without one. */
export const textOf = (bytes: Buffer): string => {
  const encoding = marks.find(({ mark }) => bytes.subarray(0, mark.length).equals(mark))?.encoding ?? "utf-8"
  return new TextDecoder(encoding).decode(bytes)
}

const marks = [
  { mark: Buffer.from([0xff, 0xfe]), encoding: "utf-16le" },
  { mark: Buffer.from([0xfe, 0xff]), encoding: "utf-16be" }
] as const
