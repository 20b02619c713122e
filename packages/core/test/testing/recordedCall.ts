/** Calls that are recorded on virtual time. */
import { Effect, References, type Scope } from "effect"
import type * as Agent from "../../src/Agent.ts"
import type * as Recording from "../../src/recording/Recording.ts"
import type * as Caller from "../../src/testing/Caller.ts"
import * as TestCall from "../../src/testing/TestCall.ts"

export const quiet = Effect.provideService(References.MinimumLogLevel, "None")

/** Plays a call, and returns its recording. */
export const record = <E = never, R = never, R2 = never>(
  agent: Agent.Source<E, R, R2>,
  script: Caller.Script,
  options: TestCall.Options = {}
): Effect.Effect<Recording.Recording, E, Exclude<R | R2, Scope.Scope>> =>
  Effect.map(TestCall.run(agent, script, options), ({ recording }) => recording).pipe(quiet)
