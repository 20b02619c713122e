/**
 * Debian's pocketsphinx behind OpenAI's file API: a recogniser on one's own machine, as `STT_URL` names one. Install it
 * with `apt-get install pocketsphinx pocketsphinx-en-us`.
 */
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as HttpServer from "./httpServer.ts"

const binary = "/usr/bin/pocketsphinx_continuous"
const model = "/usr/share/pocketsphinx/model/en-us/en-us"

/** Whether this machine has it. */
export const isThere = existsSync(binary) && existsSync(model)

/** The samples of the WAV file in a form, with its header. */
const wavOf = (body: Buffer): Buffer => {
  const at = body.indexOf("RIFF")
  return body.subarray(at, at + 44 + body.readUInt32LE(at + 40))
}

/** Recognises a WAV file of 16 bits at 16 kHz. Fails if it cannot be run. */
export const recognise = (wav: Uint8Array): Promise<string> =>
  new Promise((resolve, reject) => {
    const directory = mkdtempSync(join(tmpdir(), "antiphon-sphinx-"))
    const file = join(directory, "speech.wav")
    writeFileSync(file, wav)
    execFile(binary, ["-infile", file, "-logfn", "/dev/null"], (error, text) => {
      rmSync(directory, { recursive: true })
      if (error === null) resolve(text.replaceAll("\n", " ").trim())
      else reject(error)
    })
  })

/** Runs the server. `heard` has what was recognised, in order. */
export const make = Effect.gen(function* () {
  const heard: Array<string> = []
  const server = yield* HttpServer.make((request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { "content-type": "application/json" })
      response.end(JSON.stringify(body))
    }
    recognise(wavOf(request.body)).then(
      (text) => {
        heard.push(text)
        answer(200, { text })
      },
      (error) => answer(500, { error: { message: String(error) } })
    )
  })
  return { url: server.url, heard }
})
