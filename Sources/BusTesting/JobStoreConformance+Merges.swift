import BusProtocol
import BusStore

extension JobStoreBench {
  /// A wish of key `k` that differs from the usual in what the change says.
  func wish(
    inputs: JSONObject = [:], queueLock: String? = "k", workerLock: String? = nil, dueIn: Duration? = nil,
    priority: Int = 0, cause: JobCause = JobCause(), _ change: (inout NewJob) -> Void
  ) -> NewJob {
    var wish = wish(queueLock: queueLock, workerLock: workerLock, priority: priority, dueIn: dueIn, cause: cause)
    if !inputs.members.isEmpty { wish.inputs = inputs }
    change(&wish)
    return wish
  }

  /// One that is `replace`, so that a test sees whose inputs run.
  func replacing(_ n: Int, workerLock: String? = nil, untilDone: Bool = false) -> NewJob {
    wish(inputs: ["n": .integer(Int64(n))], workerLock: workerLock) {
      $0.onMerge = .replace
      if untilDone { $0.lockUntil = .done }
    }
  }

  func untilDone(dueIn: Duration? = nil) -> NewJob { wish(dueIn: dueIn) { $0.lockUntil = .done } }
}

extension JobStoreConformance {
  static let mergePolicyRules = [
    Rule("X2 replace: the newest inputs win, with the higher priority and the earlier time") { bench in
      let first = bench.wish(inputs: ["n": 1], dueIn: .seconds(60), priority: 5) { $0.onMerge = .replace }
      try bench.enqueue(first)
      // So many values that what a store remembers of them, to find jobs by their inputs, has the first ones too.
      let many = JSONObject((0..<1100).map { JSONObject.Member("m\($0)", 7) })
      try bench.enqueue(bench.wish(inputs: many, queueLock: nil) { _ in })
      let found = { (n: Int) in
        try bench.store.jobs(JobFilter(where: Filter("inputs.n == \(n)").bound(to: .jobs, at: bench.now))).map(\.id)
      }
      try bench.expect(try found(1), is: [first.id], "found by the first inputs")
      let second = bench.wish(inputs: ["n": 2, "m": 3], dueIn: .seconds(30), priority: 1) { $0.onMerge = .replace }
      try bench.expect(try bench.enqueue(second), is: .merged(into: first.id), "the second")
      let job = try bench.job(first.id)
      try bench.expect(job.wish.inputs, is: ["n": 2, "m": 3], "the inputs")
      try bench.expect(job.wish.priority, is: 5, "the priority")
      try bench.expect(job.wish.dueAt, is: second.dueAt, "the time")
      try bench.expect(job.wish.onMerge, is: .replace, "the policy")
      try bench.expect(try found(1), is: [], "found by the inputs that it had")
      try bench.expect(try found(2), is: [first.id], "found by the inputs that it has")
      try bench.reopen()
      bench.now = bench.now + .seconds(30)
      try bench.promote()
      try bench.expect(try bench.claimOne().inputs, is: second.inputs, "the inputs of the run")
    },
    Rule("X2 merge: members of the newer inputs over those of the older; too long together, the newer alone") { bench in
      let first = bench.wish(inputs: ["a": 1, "b": ["x": 1]]) { $0.onMerge = .merge }
      try bench.enqueue(first)
      try bench.enqueue(bench.wish(inputs: ["b": ["y": 2], "c": 3]) { $0.onMerge = .merge })
      try bench.expect(try bench.job(first.id).wish.inputs, is: ["a": 1, "b": ["y": 2], "c": 3], "the inputs")
      let long = JSONValue.string(String(repeating: "x", count: NewJob.maximumInputsByteCount / 2))
      try bench.enqueue(bench.wish(inputs: ["d": long]) { $0.onMerge = .merge })
      try bench.expect(try bench.job(first.id).wish.inputs.members.count, is: 4, "the members of inputs that fit")
      try bench.enqueue(bench.wish(inputs: ["e": long]) { $0.onMerge = .merge })
      try bench.expect(try bench.job(first.id).wish.inputs, is: ["e": long], "the inputs that would be too long")
    },
    Rule("X2 new inputs bring the locks that were computed from them") { bench in
      let (holder, first, behind) = (
        bench.wish(workerLock: "b"), bench.replacing(1, workerLock: "a"), bench.wish(workerLock: "a")
      )
      try bench.enqueue(holder)
      let run = try bench.claimOne()
      try bench.enqueue(first)
      try bench.enqueue(behind)
      try bench.expect(behind.id, is: .blocked)
      try bench.enqueue(bench.replacing(2, workerLock: "b"))
      try bench.expect(first.id, is: .blocked)
      try bench.expect(try bench.claim(9).map(\.id), is: [behind.id], "who waited behind it")
      try bench.finish(run)
      try bench.expect(try bench.claim(9).map(\.inputs), is: [["n": 2]], "who waited for the other lock")
    },
    Rule("X2 what a merge did with the inputs is told of the event") { bench in
      let event: EventID = bench.newID()
      let first = bench.wish { $0.lockUntil = .done }
      try bench.enqueue(first)
      let asked = { (policy: MergePolicy) in
        _ = try bench.enqueue(
          bench.wish(cause: JobCause(event: event)) { ($0.onMerge, $0.lockUntil) = (policy, .done) })
      }
      for policy in MergePolicy.allCases { try asked(policy) }
      _ = try bench.claimOne()
      try asked(.keep)
      try bench.reopen()
      let merges = try bench.store.decisions(forEvent: event).merges
      try bench.expect(Set(merges.prefix(3).map(\.policy)), is: Set(MergePolicy.allCases), "the policies")
      try bench.expect(merges.map(\.isRerun), is: [false, false, false, true], "whether it runs once more")
    },
    Rule("I8 a failed run with the policy merge gives its inputs to the newer job") { bench in
      let first = bench.wish(inputs: ["a": 1, "b": 1]) { $0.onMerge = .merge }
      try bench.enqueue(first)
      let run = try bench.claimOne()
      let second = bench.wish(inputs: ["b": 2]) { $0.onMerge = .merge }
      try bench.enqueue(second)
      try bench.finish(run, .failed(error: "no", retryAfter: nil))
      try bench.expect(first.id, is: .merged)
      try bench.expect(try bench.job(second.id).wish.inputs, is: ["a": 1, "b": 2], "the inputs")
    },
    Rule("I8 a job that comes back, and never expires or is put off, hands that on to the newer one") { bench in
      try bench.enqueue(bench.wish(queueLock: "k"))
      let run = try bench.claimOne()
      let second = bench.wish {
        ($0.expiresAt, $0.debounce) = (bench.now + .seconds(90), Debounce(after: .seconds(60), atMost: .seconds(60)))
      }
      try bench.enqueue(second)
      try bench.finish(run, .returned)
      try bench.expect(try bench.job(second.id).wish.expiresAt == nil, "it may expire")
      try bench.expect(second.id, is: .ready)
    },
  ]

  static let debounceRules = [
    Rule("OT6 ten wishes in two minutes make one run, a pause after the last") { bench in
      let wish = { bench.wish { $0.debounce = Debounce(after: .seconds(120), atMost: .seconds(3600)) } }
      let first = wish()
      try bench.expect(try bench.enqueue(first), is: .enqueued(first.id), "the first")
      try bench.expect(first.id, is: .scheduled)
      for _ in 2...10 {
        bench.now = bench.now + .seconds(13)
        try bench.expect(try bench.enqueue(wish()), is: .merged(into: first.id), "another")
      }
      try bench.reopen()
      try bench.expect(try bench.store.nextDue(), is: bench.now + .seconds(120), "when it is due")
      bench.now = bench.now + .seconds(119)
      try bench.expect(try bench.promote(), is: 0, "due too early")
      bench.now = bench.now + .seconds(1)
      try bench.expect(try bench.promote(), is: 1, "due")
      try bench.enqueue(wish())
      try bench.expect(first.id, is: .ready)
      try bench.finish(try bench.claimOne())
      let next = wish()
      try bench.expect(try bench.enqueue(next), is: .enqueued(next.id), "the next burst")
    },
    Rule("OT6 wishes put a job off to the bound after the first, and no wish that names a time is put off") { bench in
      let wish = { bench.wish { $0.debounce = Debounce(after: .seconds(60), atMost: .seconds(100)) } }
      let (first, start) = (wish(), bench.now)
      try bench.enqueue(first)
      for seconds in [50, 40, 5] {
        bench.now = bench.now + .seconds(seconds)
        try bench.enqueue(wish())
      }
      try bench.expect(try bench.job(first.id).wish.dueAt, is: start + .seconds(100), "the bound")
      let plain = bench.wish(queueLock: "k", dueIn: .seconds(4))
      let pausing = bench.wish(dueIn: .seconds(3)) { $0.debounce = Debounce(after: .seconds(60), atMost: .seconds(60)) }
      for named in [plain, pausing] {
        try bench.enqueue(named)
        try bench.enqueue(wish())
        try bench.expect(try bench.job(first.id).wish.dueAt, is: named.dueAt, "the time of a wish that names one")
      }
      try bench.enqueue(bench.wish(queueLock: "k"))
      try bench.expect(first.id, is: .ready)
    },
    Rule("OT6 a job that is scheduled for a time is pulled to the pause, and put off to its time at most") { bench in
      let first = bench.wish(queueLock: "k", dueIn: .seconds(100))
      try bench.enqueue(first)
      let wish = { bench.wish { $0.debounce = Debounce(after: .seconds(60), atMost: .seconds(600)) } }
      let start = bench.now
      for (seconds, due) in [(0, 60), (30, 90), (30, 100), (30, 100)] {
        bench.now = bench.now + .seconds(seconds)
        try bench.enqueue(wish())
        try bench.expect(try bench.job(first.id).wish.dueAt, is: start + .seconds(due), "due after \(seconds) s")
      }
    },
    Rule("OT6 a retry is not put off") { bench in
      let wish = { bench.wish { $0.debounce = Debounce(after: .seconds(60), atMost: .seconds(600)) } }
      let first = wish()
      try bench.enqueue(first)
      bench.now = bench.now + .seconds(60)
      try bench.promote()
      try bench.finish(try bench.claimOne(), .failed(error: "no", retryAfter: .seconds(10)))
      try bench.enqueue(wish())
      try bench.expect(try bench.job(first.id).wish.dueAt, is: bench.now + .seconds(10), "the time of the retry")
    },
  ]
}
