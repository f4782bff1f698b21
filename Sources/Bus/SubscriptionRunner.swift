internal import BusProtocol
internal import Logging
internal import Synchronization

/// Runs one subscription while this process has its lease: reads, maps and commits, as
/// ``SubscriptionProgress`` decides.
final class SubscriptionRunner: Sendable {
  private struct State {
    var progress: SubscriptionProgress
    /// Reads and maps for the lease in hand; a new follow replaces it.
    var reading: Task<Void, Never>?
    /// Set while the reading waits until it may map more.
    var resume: CheckedContinuation<Void, Never>?
    /// When the lease was lost; nil again with the next grant.
    var lostAt: ContinuousClock.Instant?
    var isSettled = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  /// A mapping that throws is tried again so often: it is pure, but what it is made of may not be.
  private static let retryDelays: [Duration] = [.milliseconds(50), .milliseconds(250), .seconds(1)]
  /// So long until reading is tried again after an error.
  private static let readingRetry: Duration = .seconds(1)

  let name: SubscriptionName
  private let mapping: SubscriptionMapping
  private let wiredQueue: Name?
  private let port: EnginePort
  private let surroundings: RunSurroundings
  private let state: Mutex<State>
  private let alarm = Alarm()

  init(
    _ mapping: SubscriptionMapping, wiredQueue: Name?, port: EnginePort, surroundings: RunSurroundings
  ) {
    self.mapping = mapping
    self.wiredQueue = wiredQueue
    self.port = port
    self.surroundings = surroundings
    name = SubscriptionName(engine: surroundings.engine, name: mapping.name)
    state = Mutex(State(progress: SubscriptionProgress(name)))
  }

  /// The subscription as busd has to know it.
  var wish: SubscriptionWish {
    SubscriptionWish(
      name: name, patterns: mapping.patterns, start: mapping.start,
      conditions: JSONObject(mapping.conditions.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.json) }))
  }

  /// The word that another process may run it.
  var farewell: SubscriptionWish {
    var wish = wish
    wish.isLeaving = true
    return wish
  }

  /// The lease in hand, for the beat; nil while another process has it.
  var held: Held<SubscriptionName>? {
    state.withLock { $0.progress.token }.map { Held(name, token: $0) }
  }

  /// Whether the lease was lost within the time: busd may still take this process for its holder, and would not put it
  /// in line again; so it is told once more after that lease has ended.
  func wasLost(within time: Duration) -> Bool {
    state.withLock { state in
      guard let lostAt = state.lostAt, !state.isSettled else { return false }
      return lostAt + time > .now
    }
  }

  // MARK: What busd says

  func granted(_ grant: Grant) { decide { $0.granted(grant, now: $1) } }

  func lost() { decide { progress, _ in progress.lost() } }

  /// Stores what is mapped, and returns when it is stored or the lease is lost.
  func stop() async {
    decide { $0.stop(now: $1) }
    await withCheckedContinuation { continuation in
      let isSettled = state.withLock { state in
        if !state.isSettled { state.waiters.append(continuation) }
        return state.isSettled
      }
      if isSettled { continuation.resume() }
    }
    alarm.cancel()
  }

  // MARK: Deciding and doing

  private func decide(
    _ decision: (inout SubscriptionProgress, ContinuousClock.Instant) -> [SubscriptionProgress.Action]
  ) {
    state.withLock { state in
      for action in decision(&state.progress, .now) { perform(action, &state) }
      if state.progress.wantsMore || state.progress.token == nil { wake(&state) }
      alarm.set(at: state.progress.nextDeadline) { [weak self] in self?.decide { $0.tick(now: $1) } }
    }
  }

  private func perform(_ action: SubscriptionProgress.Action, _ state: inout State) {
    switch action {
    case .follow(let offset, let token):
      state.lostAt = nil
      stopReading(&state)
      // Cancelled by the next follow, the loss of the lease, or the end; it stops at its next look at them.
      state.reading = Task { await self.read(after: offset, token: token) }
    case .commit(let commit): send(commit)
    case .leave:
      stopReading(&state)
      state.lostAt = .now
      port.wish([wish])
    case .settled:
      stopReading(&state)
      state.isSettled = true
      for waiter in state.waiters { waiter.resume() }
      state.waiters = []
    }
  }

  private func stopReading(_ state: inout State) {
    state.reading?.cancel()
    state.reading = nil
    wake(&state)
  }

  private func wake(_ state: inout State) {
    state.resume?.resume()
    state.resume = nil
  }

  private func send(_ commit: Commit) {
    port.request(.commit(commit)) { answer in
      switch answer {
      case .success: self.decide { $0.committed(now: $1) }
      case .failure(let refusal): self.decide { $0.refused(refusal, now: $1) }
      }
    }
  }

  // MARK: Reading and mapping

  private func read(after start: Offset, token: UInt64) async {
    var reached = start
    while !Task.isCancelled {
      let next = port.follow(mapping.patterns, reached)
      do {
        while !Task.isCancelled {
          var stretch = try await next()
          note(missing: stretch.missing)
          // Between what was reached and this stretch nothing was wanted, or the reader would have said it.
          stretch.after = reached
          guard stretch.through > reached else { continue }
          stretch.events.removeAll { $0.offset <= reached }
          await map(stretch, token: token)
          reached = stretch.through
        }
      } catch {
        guard !Task.isCancelled else { return }
        surroundings.logger.warning(
          "a subscription cannot read, and will try again",
          metadata: ["subscription": "\(name)", "error": "\(error)"])
        try? await Task.sleep(for: SubscriptionRunner.readingRetry)
      }
    }
  }

  /// Maps the events in order, in steps of a bounded size; waits before each while enough is gathered.
  private func map(_ stretch: EventStretch, token: UInt64) async {
    var step = SubscriptionProgress.Step(after: stretch.after, through: stretch.through, jobs: [], byteCount: 0)
    await waitUntilWanted()
    for event in stretch.events {
      guard !Task.isCancelled else { return }
      let mapped = await mapStubbornly(event, token: token)
      step.jobs += mapped.jobs
      step.byteCount += mapped.byteCount
      guard step.isFull else { continue }
      step.through = event.offset
      take(step, token: token)
      step = SubscriptionProgress.Step(after: event.offset, through: stretch.through, jobs: [], byteCount: 0)
      await waitUntilWanted()
    }
    take(step, token: token)
  }

  /// A reading that was replaced meanwhile must not speak for the one that follows it.
  private func take(_ step: SubscriptionProgress.Step, token: UInt64) {
    decide { progress, now in progress.token == token && !Task.isCancelled ? progress.mapped(step, now: now) : [] }
  }

  private func waitUntilWanted() async {
    await withCheckedContinuation { continuation in
      let mayGoOn = state.withLock { state in
        if state.progress.wantsMore || state.progress.token == nil || Task.isCancelled { return true }
        state.resume = continuation
        return false
      }
      if mayGoOn { continuation.resume() }
    }
  }

  /// An event whose mapping goes on throwing asks for nothing: it must not hold up those behind it for ever.
  private func mapStubbornly(_ event: Event, token: UInt64) async -> MappedEvent {
    var delays = SubscriptionRunner.retryDelays[...]
    while true {
      do {
        return try mapping.map(event, engine: surroundings.engine, token: token, wiredQueue: wiredQueue)
      } catch {
        guard let delay = delays.popFirst() else {
          tell(error, of: event)
          return MappedEvent()
        }
        // Cancelled means that the next look at the task ends the reading.
        do { try await Task.sleep(for: delay) } catch { return MappedEvent() }
      }
    }
  }

  // MARK: Telling

  private func tell(_ error: any Error, of event: Event) {
    surroundings.logger.error(
      "an event could not be mapped, and was passed over",
      metadata: [
        "event.id": "\(event.id)", "event.topic": "\(event.topic)", "event.offset": "\(event.offset)",
        "subscription": "\(name)", "error": "\(error)",
      ])
    surroundings.publishFailure(of: name, event: event, error: error)
  }

  private func note(missing: ClosedRange<UInt64>?) {
    guard let missing else { return }
    surroundings.logger.error(
      "events that a subscription had not handled are no longer kept",
      metadata: ["subscription": "\(name)", "from": "#\(missing.lowerBound)", "through": "#\(missing.upperBound)"])
  }
}
