/** Every number of the engine that is not an input, each with its reason. Durations in milliseconds. */

/** The Lease: long enough for a slow API server, short enough that a dead run's cluster is free within a minute. */
export const leaseMs = 30_000
export const leaseRenewMs = 10_000
/** No single write lasts longer (adapters cut at 8 s), so a holder that stops this much before the end has nothing outstanding. */
export const longestWriteMs = 10_000

/** A free Lease that cannot be taken this many times in a row (about a minute): the API server's refusal is the error. */
export const takeAttempts = 7

/** The record is looked after this often: without it nobody could resume the run. */
export const recordLookMs = 30_000
/** A record that cannot be written is tried again so often; the lock, which cannot be renewed then either, ends it sooner. */
export const saveAttempts = 7

/** A burst of watch events is one look at the world. */
export const debounceMs = 50
/** Progress of clocks is shown at least so often. */
export const heartbeatMs = 1_000

/** An action on an object that has not changed since is not repeated sooner: the feed lags by milliseconds, not seconds. */
export const settleMs = 5_000
/** Waits between attempts of a call that failed for a passing reason. */
const retryMs: readonly number[] = [1_000, 2_000, 4_000, 8_000, 15_000]
/** How long to wait before the next attempt, in ms, after this many failures in a row. */
export function retryDelayMs(failures: number): number {
  return retryMs[Math.min(Math.max(failures, 1), retryMs.length) - 1] ?? 15_000
}
/** How often something that nothing depends on any more is tried, until it is only named. A permission hardly comes back. */
export const cleanUpAttempts = { denied: 3, other: 5 } as const

/** A call that has failed so often in a row (about ten minutes of it) does not fail for a passing reason. */
export const passingFailures = 44
/** kubectl's interval for a budget that says no; a change of the budget wakes sooner. */
export const budgetRetryMs = 5_000
/** After an answer that tells nothing, so that the feed can tell. */
export const unknownRetryMs = 2_000
/** A webhook that denies may be asked again at this pace until the deadline. */
export const deniedRetryMs = 10_000
/** The server accepted an eviction, and the feed still shows no deletion: ask again. */
export const acceptedRetryMs = 15_000
/** Evictions under way at once in all; those of one budget go one after the other. */
export const evictionsAtOnce = 32
/** An accepted eviction is in the budget's status by then; a wrong guess costs one 429. */
export const budgetReflectedMs = 1_000

/** Auto Scaling's API shares one bucket of tokens per account and region: look often only just after a change. */
export const groupLookMs = { fresh: 500, busy: 1_000, waiting: 3_000, calm: 15_000 } as const
/** What a write brings shows at once or takes its time: twice a second at first, then once. */
export const groupFreshForMs = 1_200
export const groupBusyForMs = 6_000
/** A group is written only on a look that is not older than this. */
export const writeOnLookMs = 1_500
/** A description may lag behind a write by seconds: what it does not show is believed only this long after the last one. */
export const descriptionLagMs = 6_000
/** Scaling activities are read at this pace while instances are missing. */
export const activityLookMs = 10_000
/** After that an instance that is missing makes us read the activities. */
export const activityAfterMs = 4_000

/** EKS's advice: no growth by double-digit percentages at once. */
export const waveNodes = 100
export const waveShare = 0.1
/** Instances terminated between two looks. */
export const retireBatch = 50

/** Nobody decides on a list older than this. */
export const staleMs = 60_000
/** Two looks agree when they are at least so far apart. */
export const agreeMs = 400
/** A pod that the scheduler has not placed for this long pauses the evictions. */
export const unschedulableMs = 3_000
/** A pod of a kind that is not watched is made again within this time, or is not wanted any more. */
export const madeAgainMs = 60_000
/** In a revert: a pod that has not been ready for this long serves no traffic. */
export const deadPodMs = 60_000
/** Kubernetes' own default for giving up a node. */
export const lostNodeMs = 300_000
/** A pod that comes back to a cordoned node is moved this many times. */
export const returnsAllowed = 2
/** In one direction no pod, under whatever UID it comes back, is asked to go more often. */
export const evictionsOfOne = 5
/** Time reserved for a revert: the larger of this and the time since cordon began. */
export const revertReserveMs = 15 * 60_000
/** An orderly stop: this long for what is under way, and this long for the record; the process has 2 s in all. */
export const stopMs = { actions: 1_000, record: 600 } as const
/** A slice of a run that others continue may take longer: nothing may be under way when it ends, because its process is frozen, not ended. */
export const sliceStopMs = { actions: longestWriteMs, record: 5_000 } as const
/** The soak continues over a gap between two engines that is no longer than this: between two slices, not between two days. */
export const soakGapMs = 60_000
/** What session credentials of unknown end are assumed to live: the default of the action that makes most of them. */
export const sessionAssumedMs = 60 * 60_000
/** An API server that does not answer for this long is not waited for: nothing can be written, and an operator should know. */
export const unheldMs = 15 * 60_000
/** While the lock cannot be renewed the loop looks at it this often. */
export const unheldLookMs = 500
/** Groups that cannot be read for lack of credentials or permission: the next refresh brings them, or nothing does. */
export const hopelessLookMs = 60_000
/** Groups that cannot be read for another reason, such as an outage of the API: as long as for the lock. */
export const lookPatienceMs = 15 * 60_000
/** The action's post step waits this long for the Lease of the main step that was killed: its duration and a margin. */
export const recoverPatienceMs = 120_000
/** A plan is made again if taking the lock took longer. */
export const lookAgainAfterMs = 2_000
/** A change of a group shows in the next description of it; until then it is not written a second time. */
export const groupSettleMs = 2_000
/** Attempts of one compare-and-swap of the record before its failure is an error of its own. */
export const writeAttempts = 5

/** A template version that is this much older than the one that runs was not made to replace it. */
export const olderByMs = 60 * 60_000
/** The plan shows longer texts as the lines that differ. */
export const longestInline = 100
/** A difference of texts is found in a table of lines by lines; beyond this many cells it is shown by its ends only. */
export const mostDifferenceCells = 4_000_000
/** Packing pods on nodes is a guess that only warns; beyond this many steps (a very large cluster) it is not made. */
export const mostPackingSteps = 5_000_000

// What the estimate of a plan assumes, because nothing that can be read says it.

/** From the launch of an instance until its kubelet registers the node. */
export const assumedBootMs = 45_000
/** Instances terminate and the last settings are written. */
export const assumedTerminationMs = 40_000
/** From an eviction until the replacement exists and is scheduled, and from its readiness until that is seen. */
export const assumedTurnoverMs = 2_000
/** A pod of which no start was seen. */
export const assumedPodStartMs = 20_000
/** A volume is detached from one node and attached to another. */
export const assumedVolumeMs = 20_000
/** A pod or node that has been unready in the meantime looks as if its start had taken longer than this. */
export const longestStartMs = 10 * 60_000
/** A call that keeps failing is told of the first time, and then again after this many failures. */
export const failuresBetweenNotes = 10
/** Creation times in Kubernetes are whole seconds, rounded down. */
export const creationTimeRoundingMs = 1_000
/** A stage that waits for many things names this many of them. */
export const waitsShown = 10
/** A message that could name many objects names this many and counts the rest. */
export const namesShown = 3
/** Characters of a tag's value at most: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Tag.html */
export const tagValueLength = 256
/** A group that still shows an instance in service this long after AWS accepted its termination is asked again. */
export const terminateAgainMs = 15_000
/** Characters that are shown of what a container says in its last words: one line of a report. */
export const messageLength = 200
/** Owner references that are followed from a pod up: real chains have two or three, and nothing in the API forbids a ring. */
export const ownerDepth = 8
/** Minor versions that a kubelet may be older than the control plane: https://kubernetes.io/releases/version-skew-policy/#kubelet */
export const kubeletMinorsOlder = 3

/** A gate that has not answered by then is unknown. Adapters give up earlier and say why: 10 s for a request, 30 s for a command. */
export const gateLimitMs = 35_000
/** Pause between an answer of a gate and the next question: well below the shortest period of an alarm, which is 10 s. */
export const gateIntervalMs = 10_000
/** An answer that is older says nothing of now. Longer than a pause and the longest answer together. */
export const gateStaleMs = 60_000
/** Good looks in a row after which a gate counts as good: one may be luck. */
export const gateGoodLooks = 2
/** Alarms need some minutes to see that a cause is gone; as the input's default. */
export const gatePatienceDefaultMs = 10 * 60_000
