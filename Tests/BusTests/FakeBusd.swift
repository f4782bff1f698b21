import BusProtocol
import Logging
import Synchronization

@testable import Bus

/// As much of busd as an engine sees, in memory: a spool, one lease for each subscription, jobs in order, and answers
/// that come later and from elsewhere, as over a connection.
final class FakeBusd: Sendable {
  struct State {
    var events: [Event] = []
    var cursors: [SubscriptionName: Offset] = [:]
    var tokens: [SubscriptionName: UInt64] = [:]
    var commits: [Commit] = []
    var jobs: [NewJob] = []
    var ready: [NewJob] = []
    var leases: [JobID: UInt64] = [:]
    var attempts: [JobID: Int] = [:]
    var lastToken: UInt64 = 0
    var hands: Hands?
    var results: [JobResult] = []
    var notes: [[JobNote]] = []
    var beats = 0
    var lostJobs: [JobID] = []
    /// Those that do not run again when they fail.
    var endedJobs: Set<JobID> = []
    var refusals: [Refusal] = []
    var eventsPerStretch = 1000
    var readers: [CheckedContinuation<Void, Never>] = []
    var waiters: [(id: Int, isThere: @Sendable (State) -> Bool, continuation: CheckedContinuation<Bool, Never>)] = []
    var lastWaiter = 0
    var push: (@Sendable (Reply) -> Void)?
  }

  let state = Mutex(State())
  private let answers: AsyncStream<@Sendable () -> Void>.Continuation
  private let answering: Task<Void, Never>

  init() {
    let (stream, continuation) = AsyncStream<@Sendable () -> Void>.makeStream()
    answers = continuation
    answering = Task { for await answer in stream { answer() } }
  }

  deinit { answers.finish() }

  /// Runs later, in order, as what comes over a connection.
  private func later(_ body: @escaping @Sendable () -> Void) { answers.yield(body) }

  var port: EnginePort {
    EnginePort(
      request: { request, answer in self.later { self.take(request, answer) } },
      say: { request in self.later { self.hear(request) } },
      follow: { patterns, after in self.follower(patterns, after) })
  }

  // MARK: What an engine says

  private func take(_ request: EngineRequest, _ answer: @escaping @Sendable (Result<Reply, Refusal>) -> Void) {
    let (result, pushes) = state.withLock { state in
      if !state.refusals.isEmpty { return (Result<Reply, Refusal>.failure(state.refusals.removeFirst()), [Reply]()) }
      switch request {
      case .declare: return (.success(.subscribed(request: 0)), [])
      case .subscribe(let wishes): return (.success(.subscribed(request: 0)), grant(wishes, &state))
      case .commit(let commit): return store(commit, &state)
      case .note(let notes):
        state.notes.append(notes)
        return (.success(.noted(request: 0, stale: notes.filter { state.leases[$0.id] != $0.token }.map(\.id))), [])
      case .finish(let results):
        for result in results where state.leases[result.id] == result.token {
          state.leases[result.id] = nil
          state.results.append(result)
        }
        let ended = results.map(\.id).filter { state.endedJobs.contains($0) }
        return (.success(.finished(request: 0, stale: [], ended: ended)), assign(&state))
      }
    }
    later { answer(result) }
    deliver(pushes)
  }

  private func hear(_ request: Request) {
    let pushes = state.withLock { state -> [Reply] in
      switch request {
      case .hands(let hands):
        state.hands = hands
        return assign(&state)
      case .beat:
        state.beats += 1
        return [.beaten(jobs: state.lostJobs, subscriptions: [])]
      default: return []
      }
    }
    deliver(pushes)
  }

  private func deliver(_ pushes: [Reply]) {
    let push = state.withLock { $0.push }
    for reply in pushes { later { push?(reply) } }
    wake()
  }

  private func grant(_ wishes: [SubscriptionWish], _ state: inout State) -> [Reply] {
    let grants = wishes.filter { !$0.isLeaving }.map { wish in
      state.lastToken += 1
      state.tokens[wish.name] = state.lastToken
      return Grant(subscription: wish.name, token: state.lastToken, cursor: state.cursors[wish.name] ?? .zero)
    }
    return [.granted(grants)]
  }

  private func store(_ commit: Commit, _ state: inout State) -> (Result<Reply, Refusal>, [Reply]) {
    let cursor = state.cursors[commit.subscription] ?? .zero
    guard state.tokens[commit.subscription] == commit.token else {
      return (.failure(Refusal(code: "stale_lease", message: "")), [])
    }
    guard commit.from == cursor else {
      return (.failure(Refusal(code: "cursor_moved", message: "", expected: cursor.rawValue)), [])
    }
    state.cursors[commit.subscription] = commit.through
    state.commits.append(commit)
    state.jobs += commit.jobs
    state.ready += commit.jobs
    return (.success(.committed(request: 0, outcomes: [])), assign(&state))
  }

  private func assign(_ state: inout State) -> [Reply] {
    guard let hands = state.hands else { return [] }
    var assignments: [Assignment] = []
    let count = min(state.ready.count, max(0, hands.concurrency - state.leases.count), 64)
    for job in state.ready.prefix(count) {
      state.lastToken += 1
      state.leases[job.id] = state.lastToken
      state.attempts[job.id, default: 0] += 1
      assignments.append(
        Assignment(
          id: job.id, token: state.lastToken, attempt: state.attempts[job.id] ?? 1, queue: job.queue,
          worker: job.worker, inputs: job.inputs, cause: job.cause))
    }
    state.ready.removeFirst(count)
    return assignments.isEmpty ? [] : [.jobs(assignments)]
  }

  private func follower(_ patterns: [TopicPattern], _ after: Offset) -> EventFollower {
    let reached = Mutex(after)
    return {
      while true {
        try Task.checkCancellation()
        let from = reached.withLock { $0 }
        let events = self.state.withLock {
          Array($0.events.dropFirst(Int(from.rawValue)).prefix($0.eventsPerStretch))
        }
        if let last = events.last {
          reached.withLock { $0 = last.offset }
          let wanted = events.filter { event in patterns.contains { $0.matches(event.topic) } }
          // Nothing wanted: said only now and then, as over live marks.
          if wanted.isEmpty && events.count == 1 { continue }
          return EventStretch(after: from, through: last.offset, events: wanted)
        }
        await self.newEvents(behind: from)
      }
    }
  }

  private func newEvents(behind offset: Offset) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isThere = state.withLock { state in
          if state.events.count > offset.rawValue || Task.isCancelled { return true }
          state.readers.append(continuation)
          return false
        }
        if isThere { continuation.resume() }
      }
    } onCancel: {
      wakeReaders()
    }
  }

  private func wakeReaders() {
    let readers = state.withLock { state in
      defer { state.readers = [] }
      return state.readers
    }
    for reader in readers { reader.resume() }
  }

  // MARK: What a test does

  func connect<Services>(_ runner: EngineRunner<Services>, wiring: EngineWiring? = nil, lease: Duration = .seconds(15))
  {
    state.withLock { $0.push = { [weak runner] in runner?.received($0) } }
    let welcome = Welcome(
      log: LogID(high: 1, low: 1), head: .zero, live: "", lease: lease, wiring: wiring)
    later { runner.sessionBegan(welcome) }
  }

  func publish(_ topic: Topic, _ data: JSONObject = [:]) {
    state.withLock { state in state.events.append(event(topic, data, offset: UInt64(state.events.count) + 1)) }
    wakeReaders()
  }

  func enqueue(_ jobs: [NewJob]) {
    later {
      let pushes = self.state.withLock { state in
        state.jobs += jobs
        state.ready += jobs
        return self.assign(&state)
      }
      self.deliver(pushes)
    }
  }

  func push(_ reply: Reply) { deliver([reply]) }

  /// Waits until the condition holds; false when it does not within the time.
  func until(
    within limit: Duration = .seconds(60), _ isThere: @escaping @Sendable (State) -> Bool
  ) async -> Bool {
    await withCheckedContinuation { continuation in
      let id = state.withLock { state -> Int? in
        if isThere(state) { return nil }
        state.lastWaiter += 1
        state.waiters.append((state.lastWaiter, isThere, continuation))
        return state.lastWaiter
      }
      guard let id else { return continuation.resume(returning: true) }
      // Not held until then: who waits holds it, and afterwards nobody has to.
      Task { [weak self] in
        try? await Task.sleep(for: limit)
        self?.giveUp(id)
      }
    }
  }

  private func wake() {
    let done = state.withLock { state in
      var done: [CheckedContinuation<Bool, Never>] = []
      for waiter in state.waiters where waiter.isThere(state) {
        done.append(waiter.continuation)
        state.waiters.removeAll { $0.id == waiter.id }
      }
      return done
    }
    for continuation in done { continuation.resume(returning: true) }
  }

  private func giveUp(_ id: Int) {
    let waiter = state.withLock { state in
      let waiter = state.waiters.first { $0.id == id }
      state.waiters.removeAll { $0.id == id }
      return waiter
    }
    waiter?.continuation.resume(returning: false)
  }
}
