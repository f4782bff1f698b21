public import BusProtocol

/// One thing to do to the jobs, named after a step of a job's life. See ``JobStore/perform(_:at:)``.
public enum StoreCommand: Sendable {
  /// Keep new jobs. → ``StoreReply/enqueued(_:)``
  case enqueue([NewJob])
  /// Keep jobs of which some wait for others, all or none; the outcomes in the order of ``JobGroup/all``.
  /// → ``StoreReply/enqueued(_:)``
  case enqueueGroup(JobGroup)
  /// Keep a subscription and its patterns; the cursor of a known one stays. → ``StoreReply/declared(cursor:isNew:)``
  case declare(SubscriptionDeclaration)
  /// Make the asker the one runner of a subscription; older tokens are void. → ``StoreReply/leased(token:cursor:)``
  case lease(subscription: SubscriptionName)
  /// Keep the jobs of a range of events and move the cursor, both or neither. → ``StoreReply/committed(_:)``
  case commit(CursorCommit)
  /// Put a subscription's cursor elsewhere; its runner's token is void. → ``StoreReply/sought(from:)``
  case seek(SubscriptionName, to: Offset)
  /// Forget a subscription and its cursor. → ``StoreReply/forgotten(_:)``
  case forget(SubscriptionName)
  /// Give ready jobs to a process. → ``StoreReply/claimed(_:)``
  case claim(Claim)
  /// Record how runs ended. → ``StoreReply/finished(_:)``
  case finish([JobResult])
  /// Keep what runs say while they run. → ``StoreReply/noted(_:)``
  case note([JobNote])
  /// Record that processes were lost while they ran jobs. → ``StoreReply/finished(_:)``
  case lose([LostLease])
  /// Change jobs by hand: cancel, run again, forget, move, edit. → ``StoreReply/changed(_:)``
  case change([JobChange])
  /// Keep events to come; one whose id is known stays as it is. → ``StoreReply/announced(_:)``
  case announce([Announcement])
  /// Forget events to come: they are published, or not wanted any more. → ``StoreReply/withdrawn(_:)``
  case withdraw([EventID])
  /// Keep which schedules there are: new and changed ones begin now, others are forgotten. → ``StoreReply/planned(_:)``
  case plan([ScheduleDeclaration])
  /// Make the jobs of due times and record that they are decided, both or neither. → ``StoreReply/fired(_:_:)``
  case fire(ScheduleFiring)
  /// Keep what an engine's binaries declare; its others, but for `besides`, are not declared any more.
  /// → ``StoreReply/schedulesDeclared(_:)``
  case declareSchedules([ScheduleWish], of: Name, besides: Set<ScheduleName>)
  /// Forget a schedule that is not declared any more. → ``StoreReply/schedulesDeclared(_:)``
  case forgetSchedule(ScheduleName)
  /// Mark items of an inbox as read, those of the jobs or all. → ``StoreReply/markedRead(_:)``
  case markRead(owner: String, jobs: [JobID]?)
  /// Stop a queue, or change how it is stopped; nothing new starts once it is answered. → ``StoreReply/paused(_:)``
  case pause(QueueName, QueuePause)
  /// Let a queue go on. → ``StoreReply/resumed(_:)``
  case resume(QueueName)
  /// Stop a schedule, or let it go on for nil. → ``StoreReply/held(isKnown:before:)``
  case holdSchedule(ScheduleName, Pause?)
  /// Stop a subscription, whose runner's token is void then, or let it go on for nil.
  /// → ``StoreReply/held(isKnown:before:)``
  case holdSubscription(SubscriptionName, Pause?)
  /// End waiting jobs whose time is over, make scheduled jobs that are due ready, at most ``promotionLimit`` of both,
  /// and open what time has opened: pauses that ended, limits that let the next job through. → ``StoreReply/promoted(_:)``
  case promote
  /// Let jobs go on that were parked for want of a worker: engine → workers. → ``StoreReply/unparked(_:)``
  case unpark(workersKnown: [Name: Set<Name>])
  /// Forget finished jobs that are too old or too many, at most `limit` of them. → ``StoreReply/pruned(_:)``
  case prune(HistoryRetention, limit: Int)

  /// How many jobs one ``promote`` ends or makes ready; while ``JobStore/nextDue()`` is not later than now, there are more.
  public static let promotionLimit = 1000
}

/// The answer to one ``StoreCommand``.
public enum StoreReply: Hashable, Sendable {
  /// What became of each wish, in order.
  case enqueued([EnqueueOutcome])
  /// Where the subscription stands, and whether it was unknown before.
  case declared(cursor: Offset, isNew: Bool)
  /// The new runner's token, and where it goes on.
  case leased(token: UInt64, cursor: Offset)
  /// Where the cursor stood; nil when there is no such subscription.
  case sought(from: Offset?)
  /// Whether there was such a subscription.
  case forgotten(Bool)
  /// The cursor moved; what became of each wish, in order.
  case committed([EnqueueOutcome])
  /// Nothing changed.
  case refused(CommitRefusal)
  /// The jobs, each under its own lease, in the order in which they go.
  case claimed([Assignment])
  /// What became of each job, in order.
  case finished([FinishReply])
  /// Whether each was kept: false where the lease had ended.
  case noted([Bool])
  /// What became of each change, in order.
  case changed([ChangeOutcome])
  /// How many of the events to come were new.
  case announced(Int)
  /// Those that were there.
  case withdrawn([EventID])
  /// All schedules, by name.
  case planned([ScheduleStatus])
  /// What became of the jobs, and where the schedule stands now; nil when there is no such schedule.
  case fired([EnqueueOutcome], ScheduleStatus?)
  /// All that binaries declare or declared, by name.
  case schedulesDeclared([DeclaredSchedule])
  /// How many items were new before.
  case markedRead(Int)
  /// The queue is stopped like that; or why it is not: it is not in the topology.
  case paused(Result<QueuePause, UnknownQueue>)
  /// The queue goes on; how it was stopped before, nil when it was not.
  case resumed(QueuePause?)
  /// Whether there is such a schedule or subscription, and how it was stopped before; a pause that was there stays.
  case held(isKnown: Bool, before: Pause?)
  /// How many scheduled jobs became ready or blocked, and how many jobs expired.
  case promoted(Int)
  /// How many jobs wait again.
  case unparked(Int)
  /// How many jobs were forgotten.
  case pruned(Int)
}

/// Why a commit changed nothing.
public enum CommitRefusal: Hashable, Sendable {
  /// Another process has leased the subscription since.
  case staleLease
  /// The cursor is not where the commit begins: repeated, or from a runner that lost its place.
  case cursorMoved(to: Offset)
  /// No such subscription was declared.
  case unknownSubscription
  /// A queue takes no new jobs now: the same again later. A step may take a queue beyond its limit, so that each fits.
  case queueClosed(EnqueueRefusal)
}

/// A queue that the topology does not have.
public struct UnknownQueue: Error, Hashable, Sendable {
  /// Which, and what helps.
  public var reason: String

  /// A queue that is not there.
  public init(reason: String) { self.reason = reason }
}

/// What became of a job whose run ended.
public enum FinishReply: Hashable, Sendable {
  /// The result counts; the job is in that state now, and due then if it waits for a time.
  case accepted(JobState, dueAt: Timestamp?)
  /// The lease is not valid any more (or never was): nothing changed.
  case stale

  /// Whether a job that failed does not run again.
  public var isEnd: Bool {
    guard case .accepted(let state, _) = self else { return false }
    return state == .dead || state == .cancelled
  }
}
