package import BusProtocol

/// Where an ``InlineBus`` keeps what waits: memory of its own, or, in tests, the store that busd has.
///
/// Called by one task at a time or under a lock of its own; nothing of it waits.
package protocol InlineStore: Sendable {
  /// Keeps jobs, or merges them into equal ones that wait.
  func enqueue(_ jobs: [NewJob], at now: Timestamp) throws -> [EnqueueOutcome]
  /// Keeps jobs of which some wait for others; the outcomes in the order of ``JobGroup/all``.
  func enqueue(_ group: JobGroup, at now: Timestamp) throws -> [EnqueueOutcome]
  /// The jobs that a job waits for, or waited for, from a place on; nil for one that never did.
  func batch(of job: JobID, from place: Int) throws -> JobBatch?
  /// Hands out the job that goes next, of those that are due and that one of the engines has a worker for.
  func claim(_ engines: [Hands], at now: Timestamp) throws -> Assignment?
  /// Notes how a run ended.
  func finish(_ result: JobResult, at now: Timestamp) throws
  /// Keeps what a run says.
  func note(_ note: JobNote, at now: Timestamp) throws
  /// Keeps an event to come.
  func announce(_ announcement: Announcement) throws
  /// Takes events to come back; returns those that were there.
  func withdraw(_ ids: [EventID]) throws -> [EventID]
  /// Hands out the events to come that are due, the first due first, and forgets them.
  func takeAnnouncements(dueBy now: Timestamp) throws -> [Announcement]
  /// When the next job or event to come is due.
  func nextDue() throws -> Timestamp?
}
