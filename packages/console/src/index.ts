/**
 * A web page for talking to a voice agent.
 *
 * @since 0.1.0
 */
export * as CallView from "./CallView.ts"
export * as ConsoleApp from "./ConsoleApp.ts"
export * as Studio from "./Studio.ts"
