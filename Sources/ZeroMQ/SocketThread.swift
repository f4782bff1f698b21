internal import Synchronization

/// A socket that a ``SocketThread`` watches.
public struct WatchID: Hashable, Sendable { let rawValue: UInt64 }

/// A timer that is set on a ``SocketThread``.
public struct TimerID: Hashable, Sendable {
  package let rawValue: UInt64

  package init(rawValue: UInt64) { self.rawValue = rawValue }
}

// Unchecked: `queue` and `owner` are made for all threads; `watches`, `timers` and `lastID` are touched by the thread
// alone, which `checkIsolated` demands at every entrance, and which hands them on through the lock of `queue`.
/// One thread around `zmq_poll` that actors can run on: sockets, timers and jobs in one loop, without a hop between.
///
/// An actor pins itself here with `nonisolated var unownedExecutor`, and enters from its handlers with
/// `assumeIsolated`. Each turn runs the work that was left before it, then the timers that are due, then a handler for
/// each socket with input; a handler that takes a bounded number of messages keeps it fair. Idle it costs nothing.
/// Coming to the thread, or leaving it, costs a wake-up, so what crosses should be a batch. Without sockets it is a
/// thread for work that blocks.
///
/// It runs until ``stop()``; letting go of it does not end it.
public final class SocketThread: SerialExecutor, @unchecked Sendable {
  /// What the system calls the thread, of which Linux shows 15 bytes.
  public let name: String

  private let queue: WorkQueue
  /// The thread that runs, 0 for none.
  private let owner = Atomic<UInt>(0)
  private var watches: WatchList
  private var timers = TimerQueue()
  private var lastID: UInt64 = 0

  /// The room that is kept for the work of a turn; what a burst took beyond is given back.
  private static let batchCapacity = 1024

  /// Starts the thread.
  public init(name: String) throws(ZeroMQError) {
    self.name = name
    queue = try WorkQueue()
    watches = WatchList(wakeDescriptor: queue.descriptor)
    try start()
  }

  private func start() throws(ZeroMQError) { try NativeThread.start(name: name) { self.run() } }

  // MARK: From any thread

  /// Runs the closure on the thread, after all that was left there before.
  public func perform(_ work: @escaping @Sendable () -> Void) { put(.work(work)) }

  /// Runs an actor's job on the thread, in the same order.
  public func enqueue(_ job: consuming ExecutorJob) { put(.job(UnownedJob(job))) }

  /// Ends the thread once nothing is left to run; its watches and timers end first. The second time it does nothing.
  ///
  /// Actors may outlive it: a job or closure that comes later still runs, on a thread that is started for it, so that
  /// no task waits for ever.
  public func stop() { queue.stop() }

  /// Whether the caller is on the thread.
  public var isCurrent: Bool { owner.load(ordering: .relaxed) == NativeThread.current }

  /// Traps when the caller is not on the thread.
  public func checkIsolated() { precondition(isCurrent, "called from another thread than the socket thread's own") }

  /// Whether the caller is on the thread.
  public func isIsolatingCurrentContext() -> Bool? { isCurrent }

  private func put(_ item: WorkQueue.Item) {
    guard queue.put(item) else { return }
    do { try start() } catch { preconditionFailure("work was left for a thread that ended: \(error)") }
  }

  /// Runs the closure at once on the thread, else leaves it there.
  func performHere(_ work: @escaping @Sendable () -> Void) {
    if isCurrent { work() } else { perform(work) }
  }

  // MARK: On the thread

  /// Calls the closure again and again while the socket has input, in turn with the others.
  ///
  /// It need not take all that waits. The watch ends by ``unwatch(_:)``, or when the socket goes. A socket has at most
  /// one watch.
  public func watch(_ socket: borrowing Socket, _ onInput: @escaping () -> Void) -> WatchID {
    checkIsolated()
    lastID += 1
    let id = WatchID(rawValue: lastID)
    let handle = socket.handle
    precondition(handle.beginWatch(by: self, id), "the socket is watched already")
    watches.insert(.init(id: id, socket: handle, onInput: onInput))
    return id
  }

  /// Ends a watch; nothing happens when it has ended.
  public func unwatch(_ id: WatchID) {
    checkIsolated()
    watches.remove(id)?.socket.endWatch()
  }

  /// Leaves the socket's input where it is for a while: the queues of its peers fill, then those wait.
  public func setPaused(_ id: WatchID, _ isPaused: Bool) {
    checkIsolated()
    watches.setPaused(id, isPaused)
  }

  /// Calls the closure once, at the moment or as soon after as the thread is free.
  public func schedule(at deadline: ContinuousClock.Instant, _ work: @escaping () -> Void) -> TimerID {
    checkIsolated()
    lastID += 1
    timers.insert(.init(id: TimerID(rawValue: lastID), deadline: deadline, work: work))
    return TimerID(rawValue: lastID)
  }

  /// Forgets a timer; nothing happens when it has fired.
  public func cancel(_ id: TimerID) {
    checkIsolated()
    _ = timers.remove(id)
  }

  // MARK: The loop

  private func run() {
    owner.store(NativeThread.current, ordering: .relaxed)
    var batch: [WorkQueue.Item] = []
    while runWork(&batch) == .goOn {
      runTimers()
      pollSockets()
    }
    repeat {
      forgetAll()
      _ = runWork(&batch)
    } while !queue.end { owner.store(0, ordering: .relaxed) }
  }

  private func runWork(_ batch: inout [WorkQueue.Item]) -> WorkQueue.Next {
    let next = queue.take(into: &batch)
    for item in batch {
      switch item {
      case .work(let work): work()
      case .job(let job): job.runSynchronously(on: asUnownedSerialExecutor())
      }
    }
    batch.removeAll(keepingCapacity: batch.count <= SocketThread.batchCapacity)
    return next
  }

  /// Runs what is due now; what these set for now is for the next turn.
  private func runTimers() {
    guard timers.count > 0 else { return }
    let now = ContinuousClock.now
    for _ in 0..<timers.count {
      guard let timer = timers.popDue(at: now) else { return }
      timer.work()
    }
  }

  private func pollSockets() {
    let timeout = timers.timeout { .now }
    if watches.poll(timeout: queue.fallAsleep() ? timeout : 0) { queue.drainWakes() }
    for index in 0..<watches.polledCount {
      // One that was called before may have ended or paused the watch.
      watches.handler(at: index)?()
    }
  }

  private func forgetAll() {
    for watch in watches.removeAll() { watch.socket.endWatch() }
    var forgotten = TimerQueue()
    swap(&forgotten, &timers)
  }
}
