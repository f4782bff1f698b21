import BusProtocol
import BusStore
import Testing

@Suite struct JobLifecycleTests {
  private static let now = Timestamp(microseconds: 1_000_000_000)
  private static let policy = RetryPolicy(attempts: 3, backoff: .fixed, base: .seconds(10), jitter: .none)
  private static let failure = Outcome.failed(error: "e", retryAfter: nil)

  private static let happenings: [JobLifecycle.Happening] = [
    .due, .claimed, .lockReleased, .lost("gone"), .queueVanished, .known,
    .finished(.done), .finished(.notNeeded), .finished(failure), .finished(.dead(error: "e")), .finished(.returned),
    .finished(.unknownWorker),
    .finished(.snoozed(after: .seconds(5))), .finished(.cancelled(reason: "r")), .cancelled("r"), .retried,
    .expired("late"),
  ]

  /// What may happen in which state, and where it leads when no lock is held and the queue is known. All else is refused.
  private static let table: [JobState: [JobLifecycle.Happening: JobState]] = [
    .scheduled: [.due: .ready, .queueVanished: .parked, .cancelled("r"): .cancelled, .expired("late"): .expired],
    .ready: [.claimed: .running, .queueVanished: .parked, .cancelled("r"): .cancelled, .expired("late"): .expired],
    .blocked: [
      .lockReleased: .ready, .queueVanished: .parked, .cancelled("r"): .cancelled, .expired("late"): .expired,
    ],
    .parked: [.known: .ready, .cancelled("r"): .cancelled, .expired("late"): .expired],
    .dead: [.retried: .ready], .done: [.retried: .ready], .notNeeded: [.retried: .ready],
    .cancelled: [.retried: .ready], .expired: [.retried: .ready],
    .running: [
      .lost("gone"): .ready, .finished(.done): .done, .finished(.notNeeded): .notNeeded, .finished(failure): .scheduled,
      .finished(.dead(error: "e")): .dead, .finished(.returned): .ready, .finished(.unknownWorker): .parked,
      .finished(.snoozed(after: .seconds(5))): .scheduled, .finished(.cancelled(reason: "r")): .cancelled,
      .cancelled("r"): .cancelled,
    ],
  ]

  private func circumstances(
    worker: Bool = false, queue: Bool = false, refusal: String? = nil
  ) -> JobLifecycle.Circumstances {
    JobLifecycle.Circumstances(
      now: Self.now, policy: Self.policy, workerLockIsHeld: worker, queueLockIsHeld: queue, queueRefusal: refusal)
  }

  private func life(_ state: JobState) -> JobLifecycle {
    JobLifecycle(state: state, dueAt: Self.now, attempts: state == .running ? 1 : 0)
  }

  private func expect(
    _ happening: JobLifecycle.Happening, in circumstances: JobLifecycle.Circumstances, happens: Bool = true,
    to life: inout JobLifecycle
  ) {
    let applied = life.apply(happening, in: circumstances)
    #expect(applied == happens, "\(happening)")
  }

  @Test func `what failed or was lost and would run again at once waits for its queue's retry budget`() {
    let slot = Self.now + .seconds(30)
    let atOnce: [JobLifecycle.Happening] = [
      .lost("gone"), .finished(.failed(error: "e", retryAfter: .zero)),
    ]
    var circumstances = circumstances()
    circumstances.retrySlot = slot
    for happening in atOnce {
      var life = life(.running)
      expect(happening, in: circumstances, to: &life)
      #expect(life.state == .scheduled && life.dueAt == slot, "\(happening)")
    }
    var later = life(.running)
    expect(.finished(Self.failure), in: circumstances, to: &later)
    #expect(later.dueAt == Self.now + .seconds(10), "it is asked again when it is due")
    var returned = life(.running)
    expect(.finished(.returned), in: circumstances, to: &returned)
    #expect(returned.state == .ready)
  }

  @Test(arguments: JobState.allCases)
  func `every happening in every state leads where the table says, or is refused`(state: JobState) {
    for happening in Self.happenings {
      var life = life(state)
      let before = life
      let expected = Self.table[state]?[happening]
      let happens = life.apply(happening, in: circumstances())
      #expect(happens == (expected != nil), "\(state) \(happening)")
      #expect(life.state == expected ?? state, "\(state) \(happening)")
      if expected == nil { #expect(life == before, "a refusal changed something: \(state) \(happening)") }
    }
  }

  @Test(arguments: JobState.allCases)
  func `under a held worker lock nothing becomes ready or runs`(state: JobState) {
    for happening in Self.happenings {
      var life = life(state)
      guard life.apply(happening, in: circumstances(worker: true)) else { continue }
      #expect(life.state != .ready && life.state != .running, "\(state) \(happening)")
    }
  }

  @Test func `a job that waits for others is parked wherever it would wait, and goes on when it does not any more`() {
    var awaiting = circumstances(worker: true, refusal: "no queue")
    awaiting.awaits = "it waits"
    #expect(JobLifecycle(askedFor: Self.now + .seconds(9), in: awaiting).reason == "it waits")
    for (state, happening) in [(JobState.parked, JobLifecycle.Happening.known), (.cancelled, .retried)] {
      var job = life(state)
      #expect(job.apply(happening, in: awaiting) && job.state == .parked && job.reason == "it waits")
      #expect(job.apply(.known, in: circumstances()) && job.state == .ready && job.reason == nil)
    }
  }

  @Test func `under a held queue lock a run never waits again`() {
    for happening in Self.happenings {
      var life = life(.running)
      guard life.apply(happening, in: circumstances(queue: true)) else { continue }
      #expect(life.state.isFinished, "\(happening)")
    }
  }

  @Test(arguments: JobState.allCases)
  func `without its queue a job is parked or finished, and says why`(state: JobState) {
    for happening in Self.happenings where happening != .claimed && happening != .lockReleased {
      var life = life(state)
      guard life.apply(happening, in: circumstances(refusal: "gone")) else { continue }
      #expect(life.state == .parked || life.state.isFinished, "\(state) \(happening)")
      if life.state == .parked { #expect(life.reason == "gone") }
    }
  }

  @Test func `finished states are final, unless someone lets the job run again`() {
    for state in JobState.allCases where state.isFinished {
      for happening in Self.happenings where happening != .retried || state == .merged {
        var life = life(state)
        expect(happening, in: circumstances(), happens: false, to: &life)
      }
    }
  }

  @Test func `OT9 a job that has begun does not expire`() {
    for state in [JobState.scheduled, .ready, .blocked, .parked] {
      var life = JobLifecycle(state: state, dueAt: Self.now, attempts: 1)
      expect(.expired("late"), in: circumstances(), happens: false, to: &life)
    }
  }

  @Test(arguments: [Outcome.done, .notNeeded, .cancelled(reason: "r")])
  func `X1 a run that ends after it was asked for again is followed by one more`(outcome: Outcome) {
    for (isLocked, isCancelRequested) in [(false, false), (true, false), (false, true), (true, true)] {
      var circumstances = circumstances(worker: isLocked)
      circumstances.rerunAt = Self.now
      circumstances.isCancelRequested = isCancelRequested
      var life = JobLifecycle(state: .running, dueAt: nil, attempts: 2, crashes: 1)
      expect(.finished(outcome), in: circumstances, to: &life)
      #expect(life.state.isFinished == isCancelRequested)
      guard !isCancelRequested else { continue }
      #expect(life == JobLifecycle(state: isLocked ? .blocked : .ready, dueAt: Self.now))
    }
  }

  @Test func `I8 a death says that the job was asked for again while it ran`() {
    for happening in [JobLifecycle.Happening.finished(.dead(error: "e")), .finished(Self.failure), .lost("gone")] {
      var circumstances = circumstances()
      circumstances.rerunAt = Self.now
      var life = JobLifecycle(state: .running, attempts: 3)
      expect(happening, in: circumstances, to: &life)
      #expect(life.state == .dead)
      #expect(life.reason?.hasSuffix("; it was asked for again while it ran") == true, "\(life.reason ?? "")")
    }
  }

  @Test func `I21 a job is not due a microsecond early`() {
    let due = Timestamp(microseconds: Self.now.microseconds + 1)
    var life = JobLifecycle(askedFor: due, in: circumstances())
    #expect(life.state == .scheduled)
    expect(.due, in: circumstances(), happens: false, to: &life)
    var later = circumstances()
    later.now = due
    expect(.due, in: later, to: &life)
    #expect(life.state == .ready)
  }

  @Test(arguments: 1...3)
  func `I20 attempts are counted, and the last failure is the end`(attempt: Int) {
    var life = JobLifecycle(state: .ready, attempts: attempt - 1)
    expect(.claimed, in: circumstances(), to: &life)
    #expect(life.attempts == attempt)
    expect(.finished(Self.failure), in: circumstances(), to: &life)
    #expect(life.state == (attempt < 3 ? .scheduled : .dead))
    #expect(life.dueAt == (attempt < 3 ? Self.now + .seconds(10) : nil))
    #expect(life.reason == (attempt < 3 ? nil : "attempt 3 of 3 failed: e"))
  }

  @Test(arguments: [Outcome.returned, .unknownWorker])
  func `what did not run costs no attempt`(outcome: Outcome) {
    var life = JobLifecycle(state: .running, attempts: 2)
    expect(.finished(outcome), in: circumstances(), to: &life)
    #expect(life.attempts == 1)
  }

  @Test func `I19 the third lost process is the end`() {
    var life = JobLifecycle(state: .running, attempts: 1, crashes: 2)
    expect(.lost("gone"), in: circumstances(), to: &life)
    #expect(life.state == .dead && life.crashes == 3)
    #expect(life.reason == "poison: 3 processes were lost while running it")
  }
}
