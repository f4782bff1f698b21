internal import BusProtocol
internal import BusSpool
internal import BusStore
internal import Logging

/// What an operator may change. Each change may come twice, when its answer was lost, and is then done once.
extension StoreLoop {
  func change(_ what: String, _ parameters: JSONObject, request: UInt64, session: SessionID) {
    let asked = JSONMembers(parameters, of: "change \(what)")
    let origin = (session: session, request: request)
    do {
      switch what {
      case "cancel_jobs":
        let verb = JobChange.Verb.cancel(
          byForce: try asked.optional("force") ?? false, reason: try asked.optional("reason"))
        try change(asked, origin, what, verb)
      case "retry_jobs": try change(asked, origin, what, .retry)
      case "remove_jobs": try change(asked, origin, what, .remove)
      case "run_jobs": try change(asked, origin, what, .runNow)
      case "purge_jobs": try change(asked, origin, what, .purge(reason: try asked.optional("reason")))
      case "move_jobs":
        let queue = try QueueName(try asked.string("queue"))
        try change(asked, origin, what, .move(to: queue))
      case "edit_jobs":
        let edit = try JobEdit(asked)
        try change(asked, origin, what, .edit(edit))
      case "pause_queue": try stop(.pause, asked, origin)
      case "drain_queue": try stop(.drain, asked, origin)
      case "resume_queue": try resume(asked, origin)
      case "pause_schedule": try holdSchedule(asked, origin, isPaused: true)
      case "resume_schedule": try holdSchedule(asked, origin, isPaused: false)
      case "pause_subscription": try holdSubscription(asked, origin, isPaused: true)
      case "resume_subscription": try holdSubscription(asked, origin, isPaused: false)
      case "seek_subscription": try seek(asked, origin)
      case "forget_subscription": try removeSubscription(asked, origin)
      case "forget_schedule": try forgetSchedule(asked, origin)
      case "read_inbox": try readInbox(asked, origin)
      default:
        throw Refusal(
          code: "unknown_change", message: "busd cannot change \"\(what.prefix(40))\"",
          help: """
            it can cancel_jobs, retry_jobs, remove_jobs, run_jobs, purge_jobs, move_jobs, edit_jobs, pause_queue, drain_queue, \
            resume_queue, pause_schedule, resume_schedule, forget_schedule, pause_subscription, resume_subscription, \
            seek_subscription, forget_subscription, read_inbox
            """)
      }
    } catch let refusal as Refusal {
      refuse(refusal, request: request, session: session)
    } catch let error as ProtocolError {
      refuse(Refusal(error), request: request, session: session)
    } catch {
      refuse(Refusal(code: "store", message: "\(error)"), request: request, session: session)
    }
  }

  typealias Origin = (session: SessionID, request: UInt64)

  /// A change that is on disk: says so to who asked, and in the log.
  func changed(_ what: String, _ answer: JSONObject, _ origin: Origin) {
    logger.notice(
      "changed by an operator",
      metadata: [
        "change": "\(what)", "by": "\(processes[origin.session]?.process ?? "unknown")",
        "what": "\(JSONValue.object(answer).text)",
      ])
    send(.changed(request: origin.request, .object(answer)), to: origin.session)
  }

  // MARK: Jobs

  /// So many jobs are changed in one request at the most.
  private static let maximumJobCount = 1000

  private func change(_ asked: JSONMembers, _ origin: Origin, _ what: String, _ verb: JobChange.Verb) throws {
    let ids = try asked.list("ids") { (json) throws(ProtocolError) in
      guard let id = JobID(jsonValue: json) else { throw ProtocolError(.badMessage, "ids holds what is no id") }
      return id
    }
    guard ids.count <= StoreLoop.maximumJobCount else {
      throw ProtocolError(.tooLarge, "\(ids.count) jobs are named, the limit is \(StoreLoop.maximumJobCount)")
    }
    if case .move(let queue) = verb { jobs.expectWork(in: queue) }
    add(.change(ids.map { JobChange($0, verb) }), for: origin) { loop, reply in
      guard case .changed(let outcomes) = reply else { return }
      loop.tellHolders(of: zip(ids, outcomes), verb)
      loop.waits.touch(ids)
      // A lock may have been released, and what runs again may be ready.
      loop.jobs.expectWorkAnywhere()
      loop.changed(what, ids, outcomes, origin)
    }
  }

  /// Who runs a job that is not to go on is told at once; who does not hear it is told by the next beat, or never.
  private func tellHolders(of outcomes: some Sequence<(JobID, ChangeOutcome)>, _ verb: JobChange.Verb) {
    guard case .cancel = verb else { return }
    var told: [SessionID: [JobID]] = [:]
    for (id, outcome) in outcomes {
      switch outcome {
      case .cancelRequested, .changed(.cancelled):
        if let holder = jobs.holder(of: id) { told[holder, default: []].append(id) }
      default: break
      }
    }
    for (session, ids) in told { send(.cancel(ids), to: session) }
  }

  private func changed(_ what: String, _ ids: [JobID], _ outcomes: [ChangeOutcome], _ origin: Origin) {
    let list = zip(ids, outcomes).map { id, outcome -> JSONValue in
      guard case .object(var object) = outcome.json else { return .null }
      object.members.insert(.init("id", id.jsonValue), at: 0)
      return .object(object)
    }
    logger.notice(
      "changed by an operator",
      metadata: [
        "change": "\(what)", "by": "\(processes[origin.session]?.process ?? "unknown")", "jobs": "\(ids.count)",
        "job.id": "\(ids.count == 1 ? ids[0].description : "several")",
      ])
    send(.changed(request: origin.request, ["jobs": .array(list)]), to: origin.session)
  }

  // MARK: Queues

  /// A command of the store like others, so that nothing that is claimed later is sent before the answer.
  private func stop(_ kind: QueuePause.Kind, _ asked: JSONMembers, _ origin: Origin) throws {
    let queue = try QueueName(try asked.string("queue"))
    // Since busd's own now, which is also the clock that ends it.
    let pause = QueuePause(
      kind, reason: try asked.optional("reason") ?? "", since: now(),
      until: try asked.optional("until", as: String.self)
        .map { (text) throws(ProtocolError) in try Timestamp(text) })
    add(.pause(queue, pause), for: origin) { loop, reply in
      guard case .paused(let result) = reply else { return }
      switch result {
      case .success(let pause):
        // What was paused may be drained now.
        loop.jobs.expectWork(in: queue)
        loop.changed("\(kind.rawValue)_queue", ["queue": .string("\(queue)"), "pause": pause.json], origin)
      case .failure(let unknown):
        let refusal = Refusal(code: "not_found", message: unknown.reason, help: "bus queues")
        loop.refuse(refusal, request: origin.request, session: origin.session)
      }
    }
  }

  private func resume(_ asked: JSONMembers, _ origin: Origin) throws {
    let queue = try QueueName(try asked.string("queue"))
    add(.resume(queue), for: origin) { loop, reply in
      guard case .resumed(let pause) = reply else { return }
      loop.jobs.expectWork(in: queue)
      loop.changed("resume_queue", ["queue": .string("\(queue)"), "pause": pause?.json ?? .null], origin)
    }
  }

  // MARK: Subscriptions

  private func seek(_ asked: JSONMembers, _ origin: Origin) throws {
    let name = try SubscriptionName(try asked.string("name"))
    // Before the oldest event that is kept there is nothing to go back to, behind the last one nothing to skip.
    let oldest = Offset(max(reader.first.rawValue, 1) - 1)
    let offset = min(max(try asked.offset("after"), oldest), reader.durable)
    add(.seek(name, to: offset), for: origin) { loop, reply in
      guard case .sought(let before?) = reply else {
        return loop.refuse(loop.notFound("subscription", "\(name)"), request: origin.request, session: origin.session)
      }
      // Its process loses its place and gets it anew, or another one does.
      if let holder = loop.subscriptions.holder(of: name) { loop.subscriptions.wish(name, session: holder) }
      loop.changed(
        "seek_subscription",
        ["name": .string("\(name)"), "from": before.rawValue.jsonValue, "to": offset.rawValue.jsonValue], origin)
    }
  }

  private func removeSubscription(_ asked: JSONMembers, _ origin: Origin) throws {
    let name = try SubscriptionName(try asked.string("name"))
    if let holder = subscriptions.holder(of: name).flatMap({ processes[$0]?.process }) {
      throw Refusal(
        code: "in_use", message: "\(holder) runs subscription \(name), and would declare it again",
        help: "stop the processes of \(name.engine), or take the subscription out of their code first")
    }
    add(.forget(name), for: origin) { loop, reply in
      guard case .forgotten(true) = reply else {
        return loop.refuse(loop.notFound("subscription", "\(name)"), request: origin.request, session: origin.session)
      }
      loop.subscriptions.resume(name)
      loop.changed("forget_subscription", ["name": .string("\(name)")], origin)
    }
  }
}
