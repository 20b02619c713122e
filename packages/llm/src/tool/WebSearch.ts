/**
 * Lets the model search the web: natively if it can and has no other tool, or else through a `Search` service.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientError } from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as NativeWebSearch from "../internal/nativeWebSearch.ts"
import { searchesNatively } from "../model/internal/searchesNatively.ts"
import * as SearchPage from "./internal/searchPage.ts"
import * as VoiceTool from "./VoiceTool.ts"

/** A search result: title, body and address. */
export type Hit = SearchPage.Hit

/** A search was not answered. */
export class SearchError extends Schema.TaggedError<SearchError>()("SearchError", { description: Schema.String }) {
  override get message() {
    return this.description
  }
}

/** Searches the web. */
export class Search extends Context.Service<
  Search,
  {
    readonly search: (
      query: string,
      options: { readonly limit: number }
    ) => Effect.Effect<ReadonlyArray<Hit>, SearchError>
  }
>()("@antiphon/llm/tool/WebSearch/Search") {}

/** Options of a search. Apart from `contextSize`, only native searches use them. */
export interface Options extends NativeWebSearch.Options, Pick<VoiceTool.Options, "description" | "activeTurns"> {}

const hits = { low: 3, medium: 5, high: 10 }

/**
 * Makes the tool `web_search`. `contextSize` (`medium` by default) says how much to read: 3, 5 or 10 hits with the
 * `Search` service.
 */
export const make = ({ activeTurns, description, ...options }: Options = {}): VoiceTool.VoiceTool<Search> => {
  const contextSize = options.contextSize ?? "medium"
  const native = NativeWebSearch.make({ ...options, contextSize })
  const tool = VoiceTool.loopback(
    "web_search",
    {
      description:
        description ??
        "Search the web for current information. Use when you need up-to-date information, or facts that you do not know.",
      activeTurns,
      parameters: { query: Schema.String.annotate({ description: "The search query to look up" }) }
    },
    ({ query }) =>
      Effect.gen(function* () {
        const { search } = yield* Search
        const found = yield* search(query, { limit: hits[contextSize] })
        return found.length === 0 ? `No results found for: ${query}` : found.map(written).join("\n\n")
      }).pipe(Effect.catchTag("SearchError", (error) => Effect.succeed(`Web search error: ${error.message}`)))
  )
  return { ...tool, native: (model) => (searchesNatively(model) ? native : undefined) }
}

const written = ({ body, title, url }: Hit, index: number): string => `${index + 1}. ${title}\n${body}\nURL: ${url}`

const unanswered = ({ reason }: HttpClientError) => new SearchError({ description: `no answer (${reason._tag})` })

const restUnread: Stream.Stream<never, SearchError> = Stream.empty

/** Bytes of a page to read. DuckDuckGo's has some 40,000. */
const longestPage = 1024 * 1024

/** Searches with DuckDuckGo's page for browsers without scripts. It needs no key, but may refuse busy addresses. */
export const layerDuckDuckGo = (
  options: { readonly baseUrl?: string | undefined } = {}
): Layer.Layer<Search, never, HttpClient.HttpClient> =>
  Layer.effect(
    Search,
    Effect.map(HttpClient.HttpClient, (client) => ({
      search: (query, { limit }) =>
        client
          .execute(
            HttpClientRequest.post(`${options.baseUrl ?? "https://html.duckduckgo.com"}/html/`).pipe(
              HttpClientRequest.setHeader("user-agent", "Mozilla/5.0 (compatible; antiphon)"),
              HttpClientRequest.bodyUrlParams({ q: query })
            )
          )
          .pipe(
            Effect.mapError(unanswered),
            Effect.flatMap((response) =>
              response.stream.pipe(
                Stream.mapError(unanswered),
                Stream.limitBytes(longestPage, () => restUnread),
                Stream.mkUint8Array,
                Effect.map((bytes) => ({ page: new TextDecoder().decode(bytes), status: response.status }))
              )
            ),
            Effect.flatMap(({ page, status }) =>
              status === 200
                ? Effect.succeed(SearchPage.hitsOf(page).slice(0, limit))
                : Effect.fail(new SearchError({ description: `status ${status}` }))
            ),
            Effect.timeoutOrElse({
              duration: "10 seconds",
              orElse: () => Effect.fail(new SearchError({ description: "no answer within 10 seconds" }))
            })
          )
    }))
  )
