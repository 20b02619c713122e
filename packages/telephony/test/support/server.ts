/** A server with telephone routes, and an answer that keeps what it hears. */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import type * as Transport from "@antiphon/speech/Transport"
import { Deferred, Effect, Layer, Stream } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"

/** Serves routes on a free port until the scope closes, and returns the address. */
export const serve = <E>(routes: Layer.Layer<never, E, HttpRouter.HttpRouter>) =>
  Effect.gen(function* () {
    const server = HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }).pipe(
      Layer.provideMerge(
        NodeHttpServer.layer(() => createServer(), { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" })
      )
    )
    const context = yield* Layer.build(server)
    const { address } = yield* Effect.provideContext(HttpServer.HttpServer, context)
    return `http://127.0.0.1:${"port" in address ? address.port : 0}`
  })

/** Keeps everything that arrives on the line of one call, and reports when the caller has left. */
export const listener = Effect.gen(function* () {
  const gone = yield* Deferred.make<void>()
  const answered = yield* Deferred.make<Transport.Transport>()
  const heard: Array<Transport.Incoming> = []
  const waiting = new Set<() => void>()
  /** Waits until something has been heard. */
  const until = <A>(what: string, find: (heard: ReadonlyArray<Transport.Incoming>) => A | undefined | false) =>
    Effect.callback<A>((resume) => {
      const check = () => {
        const found = find(heard)
        if (found === undefined || found === false) return
        waiting.delete(check)
        resume(Effect.succeed(found))
      }
      waiting.add(check)
      check()
    }).pipe(
      Effect.timeoutOrElse({
        duration: "15 seconds",
        orElse: () => Effect.die(new Error(`waited in vain for ${what}; heard ${JSON.stringify(quiet(heard))}`))
      })
    )
  return {
    heard,
    /** What was heard apart from audio. */
    told: () => quiet(heard),
    line: Deferred.await(answered),
    gone: Deferred.await(gone),
    until,
    tag: <Tag extends Transport.Incoming["_tag"]>(tag: Tag) =>
      until(tag, (all) =>
        all.find((one): one is Extract<Transport.Incoming, { readonly _tag: Tag }> => one._tag === tag)
      ),
    answer: (line: Transport.Transport) =>
      Effect.andThen(
        Deferred.succeed(answered, line),
        Stream.runForEach(line.incoming, (one) =>
          Effect.sync(() => {
            heard.push(one)
            waiting.forEach((check) => check())
          })
        )
      ).pipe(Effect.ensuring(Deferred.succeed(gone, undefined)))
  }
})

const quiet = (heard: ReadonlyArray<Transport.Incoming>) => heard.filter(({ _tag }) => _tag !== "Audio")

/** All audio that was heard, without gaps. */
export const audioOf = (heard: ReadonlyArray<Transport.Incoming>): Uint8Array =>
  Buffer.concat(heard.flatMap((one) => (one._tag === "Audio" ? [one.bytes] : [])))
