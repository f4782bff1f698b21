internal import BusProtocol
internal import BusSpool
internal import BusStore
internal import BusTopology
internal import Logging

/// What each request asks of the store: a command, and what to do with its reply.
extension StoreLoop {
  func read(_ frames: [[UInt8]], from session: SessionID) {
    do {
      let request = try Request(frames: frames)
      try access.check(request, from: session)
      accept(try access.sealed(request, from: session), from: session)
    } catch {
      let refusal = error as? Refusal ?? (error as? ProtocolError).map { Refusal($0) }
      guard let refusal else { return }
      refuse(refusal, request: Request.number(in: frames), session: session)
    }
  }

  func accept(_ request: Request, from session: SessionID) {
    switch request {
    case .subscribe(let request, let wishes, let schedules):
      if let schedules, !declare(schedules, request: request, session: session) { return }
      subscribe(wishes, request: request, session: session)
    case .commit(let request, let commit): self.commit(commit, request: request, session: session)
    case .enqueue(let request, let wishes): enqueue(wishes, request: request, session: session)
    case .enqueueGroup(let request, let group): enqueue(group, request: request, session: session)
    case .announce(let request, let announcement): announce(announcement, request: request, session: session)
    case .withdraw(let request, let ids): withdraw(ids, request: request, session: session)
    case .hands(let hands): setHands(hands, session: session)
    case .finish(let request, let results): finish(results, request: request, session: session)
    case .note(let request, let notes): note(notes, request: request, session: session)
    case .beat(let held, let subscriptions): beat(held, subscriptions, session: session)
    case .ask(let request, let about, let parameters): questions.append((session, request, about, parameters))
    case .change(let request, let what, let parameters):
      change(what, parameters, request: request, session: session)
    case .hello, .carry, .publish, .read, .bye: break  // The socket loop keeps these from coming here.
    }
  }

  /// All processes of a principal together have so many, where the topology says so.
  private func tooManySubscriptions(_ wishes: [SubscriptionWish], _ session: SessionID) -> Refusal? {
    guard let bound = access.limits(of: session), let limit = bound.limits.subscriptions else { return nil }
    let wanted = wishes.lazy.filter { !$0.isLeaving }.map(\.name)
    let count = subscriptions.count(of: access.sessions(of: bound.principal), with: wanted)
    guard count > limit, !wanted.isEmpty else { return nil }
    return Refusal(
      code: "too_many_subscriptions",
      message: "the processes of \(bound.principal) have \(count) subscriptions, their limit is \(limit)",
      help: "ask again when one has ended, or write a higher access.principals.\(bound.principal).limits.subscriptions",
      retryAfter: .seconds(2))
  }

  func subscribe(_ wishes: [SubscriptionWish], request: UInt64, session: SessionID) {
    let count = subscriptions.count(of: session, with: wishes.lazy.filter { !$0.isLeaving }.map(\.name))
    if let refusal = tooManySubscriptions(wishes, session) {
      counters.add(to: .requestsRefused)
      return send(.refused(request: request, refusal), to: session)
    }
    guard count <= facts.maximumSubscriptions else {
      counters.add(to: .requestsRefused)
      let refusal = Refusal(
        code: "too_many_subscriptions",
        message: "the process has \(count) subscriptions, the limit is \(facts.maximumSubscriptions)",
        help: "use patterns with *, or write a higher bus.limits.subscriptions")
      return send(.refused(request: request, refusal), to: session)
    }
    for (index, wish) in wishes.enumerated() {
      let declaration = SubscriptionDeclaration(
        name: wish.name, patterns: wish.patterns, start: start(of: wish.start), conditions: wish.conditions)
      add(.declare(declaration), for: (session, request)) { loop, _ in
        if wish.isLeaving {
          loop.subscriptions.giveUp(wish.name, session: session)
        } else {
          loop.subscriptions.wish(wish.name, session: session)
        }
        if index == wishes.count - 1 { loop.send(.subscribed(request: request), to: session) }
      }
    }
    if wishes.isEmpty { send(.subscribed(request: request), to: session) }
  }

  func start(of start: SubscriptionWish.Start) -> Offset {
    switch start {
    case .now: reader.durable
    case .beginning: Offset(max(reader.first.rawValue, 1) - 1)
    case .after(let offset): min(offset, reader.durable)
    }
  }

  func commit(_ commit: Commit, request: UInt64, session: SessionID) {
    // A cursor beyond the spool would say that events are missing from it.
    guard commit.through <= reader.durable else {
      let refusal = Refusal(
        code: "bad_message", message: "\(commit.subscription) cannot go to \(commit.through): the spool ends before",
        help: "commit what was read")
      return refuse(refusal, request: request, session: session)
    }
    expectWork(of: commit.jobs)
    let step = CursorCommit(
      subscription: commit.subscription, token: commit.token, from: commit.from, through: commit.through,
      jobs: commit.jobs)
    add(.commit(step), for: (session, request)) { loop, reply in
      switch reply {
      case .committed(let outcomes):
        loop.count(outcomes)
        loop.send(.committed(request: request, outcomes: outcomes), to: session)
      case .refused(let reason): loop.refuse(Refusal(reason, of: commit), request: request, session: session)
      default: break
      }
    }
  }

  /// Neighbours are of one queue, nearly always.
  private func expectWork(of wishes: [NewJob]) {
    var last: QueueName?
    for wish in wishes where wish.queue != last {
      jobs.expectWork(in: wish.queue)
      last = wish.queue
    }
  }

  func enqueue(_ wishes: [NewJob], request: UInt64, session: SessionID) {
    expectWork(of: wishes)
    add(.enqueue(wishes), for: (session, request)) { loop, reply in
      guard case .enqueued(let outcomes) = reply else { return }
      loop.count(outcomes)
      loop.send(.enqueued(request: request, outcomes: outcomes), to: session)
    }
  }

  func enqueue(_ group: JobGroup, request: UInt64, session: SessionID) {
    expectWork(of: group.all)
    add(.enqueueGroup(group), for: (session, request)) { loop, reply in
      guard case .enqueued(let outcomes) = reply else { return }
      loop.count(outcomes)
      loop.send(.enqueued(request: request, outcomes: outcomes), to: session)
    }
  }

  func announce(_ announcement: Announcement, request: UInt64, session: SessionID) {
    do throws(ProtocolError) {
      // What would be refused when its time comes is refused now.
      _ = try JSONParser.parse(announcement.data)
      let event = Event(
        id: announcement.id, topic: announcement.topic, data: announcement.data, time: announcement.dueAt,
        headers: announcement.headers)
      var record: [UInt8] = []
      try Record.append(event, to: &record)
    } catch { return refuse(Refusal(error), request: request, session: session) }
    add(.announce([announcement]), for: (session, request)) { loop, _ in
      loop.send(.announced(request: request, id: announcement.id, dueAt: announcement.dueAt), to: session)
    }
  }

  func withdraw(_ ids: [EventID], request: UInt64, session: SessionID) {
    let ids = ids.filter { !announcements.isUnderWay($0) }
    add(.withdraw(ids), for: (session, request)) { loop, reply in
      guard case .withdrawn(let withdrawn) = reply else { return }
      loop.send(.withdrawn(request: request, ids: withdrawn), to: session)
    }
  }

  func count(_ outcomes: [EnqueueOutcome]) {
    var (enqueued, merged) = (0, 0)
    defer {
      counters.add(enqueued, to: .jobsEnqueued)
      counters.add(merged, to: .jobsMerged)
    }
    for outcome in outcomes {
      switch outcome {
      case .enqueued: enqueued += 1
      case .merged: merged += 1
      case .ran, .dropped: break  // Never by a store: only the asking process does that.
      case .parked(let id, let reason):
        counters.add(to: .jobsParked)
        logger.warning("a job was parked", metadata: ["job.id": "\(id)", "reason": "\(reason)"])
      case .refused: counters.add(to: .jobsRefused)
      }
    }
  }

  func setHands(_ hands: Hands, session: SessionID) {
    jobs.setHands(hands, of: session, process: processes[session]?.process ?? "unknown")
    guard !hands.workers.isEmpty else { return }
    add(.unpark(workersKnown: [hands.engine: Set(hands.workers)])) { loop, _ in loop.jobs.expectWorkAnywhere() }
  }

  func finish(_ results: [JobResult], request: UInt64, session: SessionID) {
    var results = results
    // A job that another process of its engine can do goes back to the queue instead of being parked.
    for index in results.indices where results[index].outcome == .unknownWorker {
      if leaveToOthers(results[index], session: session) { results[index].outcome = .returned }
    }
    if !facts.redaction.isEmpty { for index in results.indices { scrub(&results[index]) } }
    jobs.ended(results)
    add(.finish(results), for: (session, request)) { loop, reply in
      guard case .finished(let replies) = reply else { return }
      var (stale, ended): ([JobID], [JobID]) = ([], [])
      for (result, reply) in zip(results, replies) {
        if reply == .stale { stale.append(result.id) }
        if reply.isEnd, result.outcome.error != nil { ended.append(result.id) }
      }
      loop.counters.add(stale.count, to: .resultsStale)
      loop.counters.add(replies.count - stale.count, to: .jobsFinished)
      loop.waits.touch(results.lazy.map(\.id))
      // A released worker lock may have made a job of any queue ready.
      loop.jobs.expectWorkAnywhere()
      loop.send(.finished(request: request, stale: stale, ended: ended), to: session)
    }
  }

  /// An error often repeats what it stumbled over: what nobody is to see is not kept with it either.
  private func scrub(_ result: inout JobResult) {
    guard let error = result.outcome.error, let job = (try? store.job(result.id)).flatMap({ $0 }),
      case .string(let text) = facts.redaction.shown(.string(error), leftBy: job)
    else { return }
    switch result.outcome {
    case .failed(_, let delay): result.outcome = .failed(error: text, retryAfter: delay)
    case .dead: result.outcome = .dead(error: text)
    default: break
    }
  }

  func leaveToOthers(_ result: JobResult, session: SessionID) -> Bool {
    guard let job = (try? store.job(result.id)).flatMap({ $0 }) else { return false }
    jobs.doesNotKnow(job.wish.worker, session: session)
    return jobs.isKnown(job.wish.worker, of: job.wish.queue.engine)
  }

  func beat(_ held: [Held<JobID>], _ seats: [Held<SubscriptionName>], session: SessionID) {
    let process = processes[session]?.process ?? "unknown"
    let lostJobs = jobs.beat(held, from: session, process: process, now: thread.now)
    let lostSeats = subscriptions.beat(seats, from: session, now: thread.now)
    send(.beaten(jobs: lostJobs, subscriptions: lostSeats), to: session)
  }

  /// What a process holds that ended in order costs no attempt.
  private func giveBack(_ held: [(id: JobID, token: UInt64)]) {
    guard !held.isEmpty else { return }
    add(.finish(held.map { JobResult(id: $0.id, token: $0.token, outcome: .returned) })) { loop, _ in
      loop.jobs.expectWorkAnywhere()
    }
  }

  func close(_ session: SessionID, saidGoodbye: Bool) {
    leaveSchedules(session)
    processes[session] = nil
    waits.left(session)
    inboxes.left(session)
    if saidGoodbye {
      giveBack(jobs.left(session))
      subscriptions.left(session, now: thread.now)
    } else {
      jobs.disconnected(session, now: thread.now)
      subscriptions.disconnected(session, now: thread.now)
    }
  }
}

extension Refusal {
  /// Why a subscription's step was not taken.
  fileprivate init(_ reason: CommitRefusal, of commit: Commit) {
    let name = commit.subscription
    switch reason {
    case .staleLease:
      self.init(code: "stale_lease", message: "the lease of \(name) has ended: another process runs it now")
    case .cursorMoved(let cursor):
      self.init(
        code: "cursor_moved", message: "the cursor of \(name) stands at \(cursor), not at \(commit.from)",
        expected: cursor.rawValue)
    case .queueClosed(let refusal):
      self.init(
        code: "queue_\(refusal.code.rawValue)", message: "\(name) cannot go on: \(refusal.reason)",
        retryAfter: .seconds(1))
    case .unknownSubscription:
      self.init(code: "unknown_subscription", message: "\(name) was never declared", help: "subscribe first")
    }
  }
}
