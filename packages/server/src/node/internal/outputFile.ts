/**
 * Writes text to a new file in the background: collects it in memory, and hands it to the system a few times a second.
 * The rest is written when the process exits.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import * as NewFile from "./newFile.ts"

/** A file being written. */
export interface OutputFile {
  /** Appends text. Never waits and never fails. */
  readonly write: (text: string) => void
  /** Creates the file now. Fails if that is not possible. */
  readonly create: Effect.Effect<void, NodeJS.ErrnoException>
  /** Takes a function that makes text, and calls it before the next write. */
  readonly later: (flush: () => void) => void
}

const empty = Buffer.alloc(0)
/** UTF-16 units of text that are converted to bytes at once. */
const pieceLength = 4 * 1024
/** First size of a file's buffer, in bytes. */
const bufferSize = 16 * 1024
/** Buffers of closed files, kept for new ones: allocating memory costs more than writing to it. */
const kept: Array<Buffer> = []
const maxKept = 16
/** Larger buffers are not kept, in bytes. */
const maxKeptSize = 256 * 1024
/** Maximum bytes per UTF-16 unit. */
const longestUnit = 3
/** How long text waits for more. */
const interval = "250 millis"
/** Maximum bytes waiting for the disk. Beyond it, the recording is given up. */
const maxWaiting = 16 * 1024 * 1024

/**
 * Opens a new file in a directory, and makes the directory if necessary. Never touches an existing file. Only the
 * process's user may read the file. It is complete once the scope has closed.
 */
export const open = (options: {
  readonly directory: string
  /** Name without its ending. */
  readonly name: string
  /** Runs if the file could not be written, or was removed meanwhile. */
  readonly onFailed?: Effect.Effect<void> | undefined
}): Effect.Effect<OutputFile, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { onFailed = Effect.void } = options
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const file = new Output(options.directory, options.name)
    let flushing: Fiber.Fiber<void> | undefined
    let closed = false
    const wake = () => (flushing ??= fork(flush))

    const flush: Effect.Effect<void> = Effect.gen(function* () {
      while (!closed && file.isWaiting()) {
        yield* Effect.sleep(interval)
        yield* drain(file, onFailed)
        if (options.onFailed !== undefined && (yield* file.isLost)) return yield* lost(onFailed)
      }
      flushing = undefined
    })

    yield* Effect.addFinalizer(() =>
      Effect.gen(function* () {
        file.makeText()
        closed = true
        if (flushing !== undefined) yield* Fiber.interrupt(flushing)
        yield* drain(file, onFailed)
        if (yield* file.isLost) yield* lost(onFailed)
        unfinished?.delete(file)
        yield* file.close
      })
    )
    if (unfinished === undefined) {
      const files = (unfinished = new Set<Output>())
      process.once("exit", () => files.forEach((file) => file.writeSync()))
    }
    unfinished.add(file)
    return {
      create: file.create,
      write: (text) => {
        if (closed) return
        file.add(text)
        wake()
      },
      later: (flush) => {
        if (closed) return flush()
        file.later(flush)
        wake()
      }
    }
  })

/** Writes what is waiting. A failure is logged once, and ends the file. */
const drain = (file: Output, onFailed: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.suspend(() => (file.isWaiting() ? file.writeWaiting : Effect.void)).pipe(
    Effect.catch((error) =>
      Effect.suspend(() => {
        file.giveUp()
        return Effect.andThen(
          Effect.logError(`The recording of a call could not be written: ${error.message}`),
          onFailed
        )
      })
    ),
    Effect.uninterruptible
  )

const lost = (onFailed: Effect.Effect<void>) =>
  Effect.andThen(Effect.logError("The recording of a call was removed while the call was open: it is lost."), onFailed)

/** Open files, to be finished when the process exits. */
let unfinished: Set<Output> | undefined

/**
 * The bytes of a file, written and waiting. Every piece is written at a fixed position, so a piece that was handed to
 * the system just before the process exits can safely be written again.
 */
class Output {
  readonly place: NewFile.Place
  private text = ""
  // Text is converted to bytes early, because waiting strings would burden the garbage collector.
  private waiting: Buffer = empty
  private length = 0
  private spare: Buffer = empty
  private sending: Buffer | undefined
  private position = 0
  private descriptor: number | undefined
  private unmade: (() => void) | undefined
  private failed = false

  constructor(directory: string, name: string) {
    this.place = { directory, name, extension: ".jsonl" }
  }

  add(text: string): void {
    // The recording will be given up anyway: no need to keep more.
    if (this.failed || this.length > maxWaiting) return
    this.text += text
    if (this.text.length >= pieceLength) this.spill()
  }

  /** Defers making text until the next write. If the file has failed, the text is made at once. */
  later(make: () => void): void {
    this.unmade = make
    if (this.failed) this.makeText()
  }

  makeText(): void {
    const make = this.unmade
    this.unmade = undefined
    make?.()
  }

  private spill(): void {
    const needed = this.length + this.text.length * longestUnit
    if (needed > this.waiting.length) this.grow(needed)
    this.length += this.waiting.write(this.text, this.length)
    this.text = ""
  }

  isWaiting(): boolean {
    if (this.failed) return false
    return this.unmade !== undefined || this.text !== "" || this.length > 0 || this.sending !== undefined
  }

  giveUp(): void {
    this.failed = true
    this.makeText()
    this.text = ""
    this.waiting = this.spare = empty
    this.length = 0
    this.sending = undefined
  }

  private readonly opened: Effect.Effect<number, NodeJS.ErrnoException> = Effect.gen({ self: this }, function* () {
    return (this.descriptor ??= yield* NewFile.open(this.place))
  })
  readonly create: Effect.Effect<void, NodeJS.ErrnoException> = Effect.asVoid(this.opened)

  /** Whether the file has been deleted: what is written to it would be lost with its descriptor. */
  readonly isLost: Effect.Effect<boolean> = Effect.suspend(() => {
    const { descriptor } = this
    if (descriptor === undefined) return Effect.succeed(false)
    return NewFile.call<Fs.Stats>((done) => Fs.fstat(descriptor, done)).pipe(
      Effect.map(({ nlink }) => nlink === 0),
      Effect.orElseSucceed(() => false)
    )
  })

  readonly writeWaiting: Effect.Effect<void, NodeJS.ErrnoException> = Effect.gen({ self: this }, function* () {
    this.makeText()
    if (this.length + this.text.length > maxWaiting) return yield* Effect.fail(new Error("the disk is too slow"))
    const descriptor = yield* this.opened
    this.sending = this.take()
    const { buffer } = this.sending
    while (this.sending.length > 0) {
      const written = yield* this.writeOnce(descriptor, this.sending)
      this.position += written
      this.sending = this.sending.subarray(written)
    }
    this.sending = undefined
    this.spare = Buffer.from(buffer)
  })

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    keep(this.waiting)
    keep(this.spare)
    this.waiting = this.spare = empty
    const descriptor = this.descriptor
    if (descriptor === undefined) return Effect.void
    this.descriptor = undefined
    return Effect.ignore(NewFile.call<void>((done) => Fs.close(descriptor, done)))
  })

  /** Last chance to write, while the process exits. */
  writeSync(): void {
    if (!this.isWaiting()) return
    try {
      if (this.descriptor === undefined) {
        this.descriptor = NewFile.openSync(this.place)
      }
      this.makeText()
      const rest = Buffer.concat([this.sending ?? Buffer.alloc(0), this.take()])
      Fs.writeSync(this.descriptor, rest, 0, rest.length, this.position)
    } catch {
      // The process is exiting, so there is nobody to report this to.
    }
  }

  /** Takes the waiting bytes. Bytes that come meanwhile go into the previous buffer. */
  private take(): Buffer {
    this.spill()
    const bytes = this.waiting.subarray(0, this.length)
    this.waiting = this.spare
    this.spare = empty
    this.length = 0
    return bytes
  }

  private grow(needed: number): void {
    const fit = kept.findLastIndex(({ length }) => length >= needed)
    const larger =
      fit === -1
        ? Buffer.allocUnsafeSlow(Math.max(bufferSize, 2 ** Math.ceil(Math.log2(needed))))
        : kept.splice(fit, 1)[0]!
    this.waiting.copy(larger, 0, 0, this.length)
    keep(this.waiting)
    this.waiting = larger
  }

  private writeOnce(descriptor: number, bytes: Buffer): Effect.Effect<number, NodeJS.ErrnoException> {
    return NewFile.call<number>((done) => Fs.write(descriptor, bytes, 0, bytes.length, this.position, done))
  }
}

const keep = (buffer: Buffer): void => {
  if (buffer.length > 0 && buffer.length <= maxKeptSize && kept.length < maxKept) kept.push(buffer)
}
