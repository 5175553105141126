/** Every number of the Kubernetes adapter, with its reason. Durations in milliseconds. */

/** A page of 500 pods takes about a second from a busy API server; 30 s is one that will not come. */
export const readTimeoutMs = 30_000

/** A write, its answer included, must be over well inside the lease of 30 s that is renewed every 10 s. */
export const writeTimeoutMs = 8_000

/** The first try and three more; a server that restarts is the feed's business, not that of a single read. */
export const readAttempts = 4

/** Pauses between the tries of a read: 0.2 s, 0.4 s, 0.8 s. */
export const readBackoffMs = 200

/** A longer Retry-After would outlive the read's own time limit. */
export const longestRetryAfterMs = 10_000

/** What flow control asks for when it does not say. */
export const usualRetryAfterMs = 1_000

/** Requests at once, watches apart. More buys nothing: budgets and the control plane are the bottleneck. */
export const requestsAtOnce = 32

/** SelfSubjectAccessReviews at once. */
export const reviewsAtOnce = 8

/** Objects a page: small enough that parsing one does not stall the event loop (10 ms). */
export const pageSize = 500

/** Lists that expire in the middle (410) are begun again so often. */
export const listAttempts = 3

/** The server ends a watch after this long, and the next begins where it ended. */
export const watchSeconds = 290

/** Is the server there at all? Answered in milliseconds, or not. */
export const livenessTimeoutMs = 5_000

/** Bookmarks come about once a minute; a stream without a byte for longer than this is dead, whatever the socket says. */
export const silenceMs = 70_000

/** With nothing heard from the server at all for this long, it is asked whether it lives. Lease renewals (10 s) do it, too. */
export const livenessMs = 12_000

/** Pauses between the tries of a feed that fails. */
export const firstFeedBackoffMs = 200
export const longestFeedBackoffMs = 10_000

/** A watch that ends sooner than this without a single event counts as a failure, lest a broken server be hammered. */
export const shortestWatchMs = 1_000

/** After this many failures in a row a watch begins again with a list. */
export const failuresBeforeRelist = 3

/** Entries of the record longer than this are compressed: a ConfigMap holds 1 MiB. */
export const plainEntryBytes = 64 * 1024

/** What an entry may unfold to. */
export const longestEntryBytes = 16 * 1024 * 1024
