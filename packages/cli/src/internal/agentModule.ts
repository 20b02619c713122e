/**
 * Loads the modules given to commands: an agent for `replay`, subjects for `simulate`.
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import type * as Rules from "@antiphon/core/testing/Rules"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import { existsSync, statSync } from "node:fs"
import { resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { CliError } from "../CliError.ts"
import * as LoadFailure from "./loadFailure.ts"

/** An agent that can be replayed. It may require a model, and must provide everything else itself. */
export interface AgentModule {
  readonly agent: Agent.Source<unknown, LanguageModel.LanguageModel, LanguageModel.LanguageModel>
  /** The model it asks once it diverges from the recorded call. */
  readonly model: Layer.Layer<LanguageModel.LanguageModel, unknown> | undefined
}

/** Loads the default export (an agent, a factory or a service) and the layer `model`, if there is one. */
export const load = (path: string): Effect.Effect<AgentModule, CliError> =>
  Effect.flatMap(importFrom(path), (module) => {
    const { default: agent, model } = module
    if (!isSource(agent)) {
      const others = Object.keys(module).filter((name) => name !== "default" && isSource(module[name]))
      const hint = agent === undefined && others[0] !== undefined ? ` Export ${others[0]} by default.` : ""
      return refuse(`${path} has no agent: its default export must be an agent, a factory, or an Agent.Service.${hint}`)
    }
    if (isAsync(agent)) {
      return refuse(`The agent of ${path} is an async function: make an agent of it with AsyncAgent.make(…).`)
    }
    if (model !== undefined && !Layer.isLayer(model)) {
      return refuse(`The export "model" of ${path} must be a Layer of a LanguageModel.`)
    }
    return Effect.succeed({ agent, model: model as AgentModule["model"] })
  })

/** Loads the subjects to check: the default export, which is one or several that take turns. */
export const loadSubjects = (path: string): Effect.Effect<ReadonlyArray<Rules.Subject>, CliError> =>
  Effect.flatMap(importFrom(path), ({ default: exported }) => {
    const subjects: ReadonlyArray<unknown> = Array.isArray(exported) ? exported : [exported]
    return subjects.length > 0 && subjects.every(isSubject)
      ? Effect.succeed(subjects)
      : refuse(`${path} has nothing to simulate: its default export must be a Rules.Subject, or a list of them.`)
  })

const refuse = (message: string) => Effect.fail(new CliError({ message }))

const importFrom = (path: string): Effect.Effect<{ readonly [name: string]: unknown }, CliError> =>
  Effect.gen(function* () {
    const file = yield* fileOf(path)
    const module = Effect.tryPromise({
      try: () => import(pathToFileURL(file).href) as Promise<{ readonly [name: string]: unknown }>,
      catch: (error) => new CliError({ message: `${path} could not be loaded: ${LoadFailure.message(error)}` })
    })
    return yield* Effect.timeoutOrElse(module, {
      duration: patience,
      orElse: () =>
        refuse(`${path} is still loading after ${Duration.format(patience)}: what does it await at its top?`)
    })
  })

/** How long a module may take to load. */
const patience = Duration.seconds(30)

/** The file of a module, if there is one that can be loaded. */
const fileOf = (path: string): Effect.Effect<string, CliError> =>
  Effect.suspend(() => {
    if (path.trim() === "") return refuse("The name of the agent's module is empty: write for example src/agent.ts.")
    const url = URL.parse(path)
    if (url !== null && path.startsWith("file:") && url.host !== "") return refuse(`There is no file ${path}.`)
    const file = url !== null && path.startsWith("file:") ? fileURLToPath(url) : resolve(path)
    if (!existsSync(file)) {
      const meant = endings.map((ending) => `${path}.${ending}`).find((path) => existsSync(resolve(path)))
      return refuse(`There is no file ${path}.${meant === undefined ? "" : ` Did you mean ${meant}?`}`)
    }
    if (statSync(file).isDirectory()) return refuse(`${path} is a folder: name the file of the agent in it.`)
    if (!/\.[cm]?[jt]s$/.test(file)) {
      return refuse(`${path} is not a module of JavaScript or TypeScript: its name should end in .ts or .js.`)
    }
    return Effect.succeed(file)
  })

const endings = ["ts", "js", "mts", "mjs"]

/** Whether a value is a function that returns promises: as an agent it would fail in its first turn. */
const isAsync = (value: object): boolean =>
  /^(?:Async|Generator)/.test(String((value as { readonly [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] ?? ""))

const isSource = (value: unknown): value is AgentModule["agent"] =>
  typeof value === "function" ||
  (Predicate.isReadonlyObject(value) && (("factory" in value && typeof value.factory === "function") || isSpec(value)))

const isSpec = (value: object): value is Agent.AgentSpec<unknown> =>
  "agent" in value && typeof value.agent === "function"

const isSubject = (value: unknown): value is Rules.Subject =>
  Predicate.isReadonlyObject(value) && "simulate" in value && typeof value.simulate === "function" && "callers" in value
