/**
 * Embeddings for tests: the same text has the same vector on every machine, and texts with words in common are near each
 * other. They know nothing of meaning.
 *
 * @since 0.1.0
 */
import * as EmbeddingModel from "effect/ai/EmbeddingModel"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Embeddings from "../model/Embeddings.ts"

/** Options of the embeddings. */
export interface Options {
  /** Length of a vector. 256. */
  readonly dimensions?: number | undefined
  /** How long a request takes on the clock. No time by default. */
  readonly delay?: Duration.Input | undefined
  /** Called with the texts of each request before it is answered: to count requests, or to fail. */
  readonly onRequest?: ((inputs: ReadonlyArray<string>) => Effect.Effect<void, never>) | undefined
}

/** Layer that provides these embeddings. */
export const layer = ({
  delay = 0,
  dimensions = 256,
  onRequest = () => Effect.void
}: Options = {}): Layer.Layer<EmbeddingModel.EmbeddingModel> =>
  Layer.effectContext(
    Effect.map(
      EmbeddingModel.make({
        embedMany: ({ inputs }) =>
          Effect.andThen(Effect.andThen(onRequest(inputs), Effect.sleep(delay)), () =>
            Effect.succeed({
              results: inputs.map((text) => vector(text, dimensions)),
              usage: { inputTokens: inputs.reduce((sum, text) => sum + wordsOf(text).length, 0) }
            })
          )
      }),
      (model) =>
        Context.make(EmbeddingModel.EmbeddingModel, model).pipe(Context.add(Embeddings.Name, `hash/${dimensions}`))
    )
  )

/**
 * The vector of a text: each word, and the beginning of each word, points in a direction, long words further than short ones.
 * The sum has length 1.
 */
export const vector = (text: string, dimensions = 256): Array<number> => {
  const sum = Array.from({ length: dimensions }, () => 0)
  for (const word of wordsOf(text)) {
    const weight = Math.min(word.length, 8)
    for (const part of word.length > 5 ? [word, word.slice(0, 5)] : [word]) {
      const hashed = hash(part)
      sum[hashed % dimensions]! += (hashed & 0x80000000) === 0 ? weight : -weight
    }
  }
  const length = Math.hypot(...sum)
  // A text without words gets a direction too, because a zero vector is similar to nothing.
  if (length === 0) sum[hash(text) % dimensions] = 1
  return length === 0 ? sum : sum.map((value) => value / length)
}

const wordsOf = (text: string): ReadonlyArray<string> => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

/** FNV-1a, of 32 bits. */
const hash = (text: string): number => {
  let hashed = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hashed = Math.imul(hashed ^ text.charCodeAt(at), 0x01000193)
  return hashed >>> 0
}
