/**
 * New projects, for tools that make them.
 *
 * @since 0.1.0
 */
export * as Project from "./Project.ts"
