internal import BusProtocol

/// A worker turned into what a job is made of, before it is known where, when and why it runs.
struct JobDraft: Sendable {
  var worker: Name
  var engine: Name?
  var queue: Name
  var inputs: JobInputs
  var inputsByteCount: Int
  var queueLock: LockKey?
  var workerLock: LockKey?
  var limit: RunLimit?
  var priority: Int
  var delay: Duration
  var retry: RetryPolicy?
  var onMerge: MergePolicy
  var lockUntil: QueueLockEnd
  var debounce: Debounce?
  var expires: Duration?
  var notify: String?

  /// Refuses inputs and locks that busd would refuse: better here, where the worker is at hand.
  init<W: Worker>(_ worker: W) throws(ProtocolError) {
    self.worker = W.name
    engine = W.engine
    queue = W.queue
    inputs = JobInputs(written: try JSONValueEncoder().encodeObject(worker))
    inputsByteCount = inputs.byteCount
    queueLock = worker.queueLock
    workerLock = worker.workerLock
    limit = worker.limit
    priority = worker.priority
    delay = worker.delay
    retry = W.retry
    onMerge = W.onMerge
    lockUntil = W.lockUntil
    debounce = W.debounce
    expires = worker.expires
    notify = try worker.notify.map { (owner) throws(ProtocolError) in try InboxItem.checked(owner: owner) }
    try check()
  }

  /// The job: of an engine, in the queue that the worker names, else in the one that is given, else in `default`.
  ///
  /// It is due at the time that is given, else the worker's own pause or delay after it was asked for. Until it expires
  /// the time counts from then.
  func job(
    id: JobID, engine: Name, queue: Name?, cause: JobCause, askedAt: Timestamp, dueAt: Timestamp? = nil
  ) -> NewJob {
    let isLocked = queueLock != nil || workerLock != nil || limit != nil
    let namespace = isLocked ? "\(engine).\(worker)" : ""
    let due = dueAt ?? (delay > .zero && debounce == nil ? askedAt + delay : nil)
    var job = NewJob(
      id: id,
      queue: QueueName(engine: engine, name: self.queue == .defaultQueue ? queue ?? .defaultQueue : self.queue),
      worker: worker, queueLock: queueLock?.text(workerNamespace: namespace),
      workerLock: workerLock?.text(workerNamespace: namespace),
      limit: limit?.jobLimit(workerNamespace: namespace), priority: priority,
      dueAt: due, retry: retry,
      cause: cause, notify: notify)
    job.given = inputs
    job.onMerge = onMerge
    job.lockUntil = lockUntil
    job.debounce = debounce
    job.expires(expires, askedAt: askedAt)
    return job
  }

  private func check() throws(ProtocolError) {
    if debounce != nil, queueLock == nil { throw NewJob.debounceWithoutLock(worker) }
    guard inputsByteCount <= NewJob.maximumInputsByteCount else {
      throw ProtocolError(
        .tooLarge,
        "the inputs of \(worker) have \(inputsByteCount) bytes, the limit is \(NewJob.maximumInputsByteCount): "
          + "pass an id, and look the rest up when it runs")
    }
    for lock in [queueLock, workerLock, limit?.key] {
      // 400 for the namespace: two names of at most 200.
      guard let lock, lock.text(workerNamespace: "").utf8.count > 1000 - 401 else { continue }
      throw ProtocolError(.tooLarge, "a lock key of \(worker) is longer than 599 bytes: lock on an id")
    }
  }
}
