/**
 * A web page to talk to a voice agent on.
 *
 * @since 0.1.0
 */
export * as ConsoleApp from "./ConsoleApp.ts"
