/**
 * Voice agents that answer with a language model. Empty so far: it joins the next release.
 *
 * @since 0.1.0
 */
export {}
