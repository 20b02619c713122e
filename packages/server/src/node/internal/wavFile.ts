/**
 * Writes the audio of a call to a new WAV file in the background, a few times a second. Its header is correct after
 * each write, so that the file can be played even if the process is killed.
 */
import type { AudioTrack } from "@antiphon/core/recording/Recorder"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as NewFile from "./newFile.ts"

const interval = "250 millis"
/** Maximum bytes waiting for the disk: a minute and a half at 48 kHz. Beyond it, the recording is given up. */
const maxWaiting = 16 * 1024 * 1024
/** A WAV file counts its bytes in 32 bits. */
const maxBytes = 2 ** 32 - 1024
const headerBytes = 44
const channels = 2
const sampleBytes = 2

/** Makes the track of a call. The file is created with the first samples, and is complete once the scope has closed. */
export const track = (options: {
  readonly directory: string
  /** Name without its ending. */
  readonly name: string
}): Effect.Effect<AudioTrack, never, Scope.Scope> =>
  Effect.gen(function* () {
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    let file: Output | undefined
    let flushing: Fiber.Fiber<void> | undefined
    let closed = false

    const flush: Effect.Effect<void> = Effect.gen(function* () {
      while (!closed && file !== undefined && file.isWaiting()) {
        yield* Effect.sleep(interval)
        yield* drain(file)
      }
      flushing = undefined
    })
    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        closed = true
        if (flushing !== undefined) yield* Fiber.interrupt(flushing)
        if (file === undefined) return
        yield* drain(file)
        unfinished?.delete(file)
        file.close()
      })
    )
    return (sampleRateHz) => {
      const opened = (file ??= new Output(options.directory, options.name, sampleRateHz))
      if (unfinished === undefined) {
        const files = (unfinished = new Set<Output>())
        process.once("exit", () => files.forEach((file) => file.writeSync()))
      }
      unfinished.add(opened)
      return (samples) => {
        if (closed) return
        opened.add(samples)
        flushing ??= fork(flush)
      }
    }
  })

/** Writes what is waiting. A failure is logged once, and ends the file. */
const drain = (file: Output): Effect.Effect<void> =>
  Effect.suspend(() => (file.isWaiting() ? file.writeWaiting : Effect.void)).pipe(
    Effect.catch((error) =>
      Effect.suspend(() => {
        file.giveUp()
        return Effect.logError(`The audio of a call could not be written: ${error.message}`)
      })
    ),
    Effect.uninterruptible
  )

/** Open files, to be finished when the process exits. */
let unfinished: Set<Output> | undefined

class Output {
  readonly place: NewFile.Place
  readonly sampleRateHz: number
  private waiting: Array<Uint8Array> = []
  private waitingBytes = 0
  private sending: Buffer | undefined
  /** Bytes of samples in the file. */
  private written = 0
  private descriptor: number | undefined
  private failed = false

  constructor(directory: string, name: string, sampleRateHz: number) {
    this.place = { directory, name, extension: ".wav" }
    this.sampleRateHz = sampleRateHz
  }

  add(samples: Uint8Array): void {
    if (this.failed || this.written + this.waitingBytes + samples.length > maxBytes) return
    this.waiting.push(samples)
    this.waitingBytes += samples.length
  }

  isWaiting(): boolean {
    return !this.failed && (this.waitingBytes > 0 || this.sending !== undefined)
  }

  giveUp(): void {
    this.failed = true
    this.waiting = []
    this.waitingBytes = 0
    this.sending = undefined
  }

  readonly writeWaiting: Effect.Effect<void, NodeJS.ErrnoException> = Effect.gen({ self: this }, function* () {
    if (this.waitingBytes > maxWaiting) return yield* Effect.fail(new Error("the disk is too slow"))
    if (this.descriptor === undefined) {
      this.descriptor = yield* NewFile.open(this.place)
      yield* this.writeOnce(this.descriptor, header(this.sampleRateHz, 0), 0)
    }
    const { descriptor } = this
    const bytes = (this.sending = this.take())
    for (let at = 0; at < bytes.length;) {
      at += yield* this.writeOnce(descriptor, bytes.subarray(at), headerBytes + this.written + at)
    }
    this.written += bytes.length
    this.sending = undefined
    yield* this.writeOnce(descriptor, header(this.sampleRateHz, this.written), 0)
  })

  close(): void {
    if (this.descriptor !== undefined) Fs.close(this.descriptor, () => {})
    this.descriptor = undefined
  }

  /** Last chance to write, while the process exits. What was being written is written again at the same place. */
  writeSync(): void {
    if (!this.isWaiting()) return
    try {
      if (this.descriptor === undefined) {
        this.descriptor = NewFile.openSync(this.place)
      }
      const rest = Buffer.concat([this.sending ?? Buffer.alloc(0), this.take()])
      Fs.writeSync(this.descriptor, rest, 0, rest.length, headerBytes + this.written)
      Fs.writeSync(this.descriptor, header(this.sampleRateHz, this.written + rest.length), 0, headerBytes, 0)
    } catch {
      // The process is exiting, so there is nobody to report this to.
    }
  }

  private take(): Buffer {
    const bytes = Buffer.concat(this.waiting)
    this.waiting = []
    this.waitingBytes = 0
    return bytes
  }

  private writeOnce(descriptor: number, bytes: Buffer, at: number): Effect.Effect<number, NodeJS.ErrnoException> {
    return NewFile.call<number>((done) => Fs.write(descriptor, bytes, 0, bytes.length, at, done))
  }
}

/** The header for this many bytes of samples. */
const header = (sampleRateHz: number, dataBytes: number): Buffer => {
  const bytes = Buffer.alloc(headerBytes)
  bytes.write("RIFF", 0, "latin1")
  bytes.writeUInt32LE(headerBytes - 8 + dataBytes, 4)
  bytes.write("WAVEfmt ", 8, "latin1")
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(channels, 22)
  bytes.writeUInt32LE(sampleRateHz, 24)
  bytes.writeUInt32LE(sampleRateHz * channels * sampleBytes, 28)
  bytes.writeUInt16LE(channels * sampleBytes, 32)
  bytes.writeUInt16LE(8 * sampleBytes, 34)
  bytes.write("data", 36, "latin1")
  bytes.writeUInt32LE(dataBytes, 40)
  return bytes
}
