public import BusProtocol

/// Where jobs and the cursors of subscriptions are kept: the seam to a database.
///
/// A store belongs to one thread. Its unit of work is a batch of commands: whatever came in while the last batch
/// was being synced goes into the next one, so that the disk is waited for once for all of them.
/// `JobStoreConformance` in BusTesting says in tests what every store promises.
public protocol JobStore: AnyObject {
  /// Carries out all commands in order in one transaction; what it did is on disk when it returns.
  ///
  /// If it throws, nothing happened. The replies are in the order of the commands.
  func perform(_ commands: [StoreCommand], at now: Timestamp) throws(StoreError) -> [StoreReply]

  /// Says which queues there are and how they retry.
  ///
  /// Jobs of queues that are gone are parked, those of queues that came back run again. Durable when it returns,
  /// but for the policies, which are told at each start.
  func configure(_ wiring: QueueWiring, at now: Timestamp) throws(StoreError)

  /// The job of an id, nil for one that never was or was pruned.
  func job(_ id: JobID) throws(StoreError) -> Job?
  /// Jobs whose ids begin with the characters, oldest first: people type the first few.
  func jobs(withPrefix prefix: String, limit: Int) throws(StoreError) -> [Job]
  /// Lines of a job behind a number, in their order, at most so many.
  func lines(of job: JobID, after number: Int, limit: Int) throws(StoreError) -> [KeptLine]
  /// Jobs that pass a filter.
  func jobs(_ filter: JobFilter) throws(StoreError) -> [Job]
  /// The queues that ever had a job or are wired, by name.
  func queueCounts() throws(StoreError) -> [QueueCounts]
  /// The declared subscriptions, by name.
  func subscriptions() throws(StoreError) -> [SubscriptionStatus]
  /// The cursor of the subscription that is furthest behind, nil without subscriptions: older events are free to go.
  func minimumCursor() throws(StoreError) -> Offset?
  /// What the subscriptions made of an event.
  func decisions(forEvent event: EventID) throws(StoreError) -> EventDecisions
  /// How many ready jobs of its queue go before the job; nil when it is not ready.
  func ahead(of job: JobID) throws(StoreError) -> Int?
  /// Whether a scheduled job waits for its queue's retry budget.
  func isHeldBack(_ job: JobID) throws(StoreError) -> Bool
  /// The job that runs under a worker lock.
  func holder(ofWorkerLock key: String) throws(StoreError) -> Job?
  /// How many jobs run under a limit, at most ``JobLimit/maximumConcurrency``.
  func running(underLimit key: String) throws(StoreError) -> Int
  /// All leases, by token: what a broker has to account for when it starts.
  func running() throws(StoreError) -> [JobLease]
  /// The jobs that a job waits for, or waited for, from a place on: at most `limit` of them, at most about a MiB, and
  /// only those that have not ended where that is asked for. Nil for a job that never waited for others.
  func batch(of job: JobID, from place: Int, limit: Int, onlyOpen: Bool) throws(StoreError) -> JobBatch?
  /// The jobs that wait for a job, or waited for it, at most a hundred.
  func awaiters(of job: JobID) throws(StoreError) -> [JobID]
  /// When ``StoreCommand/promote`` has something to do: the next scheduled job is due, a job expires, a pause ends, or a
  /// limit that jobs wait for may open. In the past when something waits for it.
  func nextDue() throws(StoreError) -> Timestamp?
  /// When the first event to come is due.
  func nextAnnouncement() throws(StoreError) -> Timestamp?
  /// Events to come that are due by a moment, the first due first.
  func announcements(dueBy moment: Timestamp, limit: Int) throws(StoreError) -> [Announcement]
  /// When the rate of a queue lets the next of its ready jobs start: then a claim may get more than it did. Always
  /// later than now.
  func nextOpening(after now: Timestamp) throws(StoreError) -> Timestamp?
  /// What is kept of each schedule, by name.
  func schedules() throws(StoreError) -> [ScheduleStatus]
  /// What a job waits for, or others for it.
  func standing(of job: Job, at now: Timestamp) throws(StoreError) -> JobStanding
  /// What queue locks saved, those that saved most first; the sum over all is the sum of the merged wishes.
  func savings(limit: Int) throws(StoreError) -> [LockSaving]
  /// Who has to do with a lock or the key of a limit, at most so many of each kind.
  func line(ofLock key: String, limit: Int) throws(StoreError) -> LockLine
  /// The job that a merged wish became part of, nil for an id that was none or is past its retention.
  func target(ofWish id: JobID) throws(StoreError) -> JobID?
  /// The schedules that binaries declare or declared, by name.
  func declaredSchedules() throws(StoreError) -> [DeclaredSchedule]
  /// What an inbox has, oldest first: behind a number, else the newest.
  func inbox(of owner: String, after number: UInt64?, unreadOnly: Bool, limit: Int) throws(StoreError) -> [InboxItem]
  /// Whose inbox has got something since this was asked last: those who wait for it are told then.
  func takeInboxNews() -> Set<String>
  /// What was counted since the store was opened.
  func counters() -> StoreCounters
  /// The version of the tables, and what a full check of the file found wrong; takes seconds on a large file.
  func checkIntegrity() throws(StoreError) -> StoreIntegrity
  /// Gives the file back. Nothing may be asked of the store afterwards.
  func close() throws(StoreError)
}
