/**
 * Creates new projects, for tools that do so.
 *
 * @since 0.1.0
 */
export * as Project from "./Project.ts"
