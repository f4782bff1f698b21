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
      case "pause_queue": try stop(.pause, asked, origin)
      case "drain_queue": try stop(.drain, asked, origin)
      case "resume_queue": try resume(asked, origin)
      case "seek_subscription": try seek(asked, origin)
      case "forget_subscription": try removeSubscription(asked, origin)
      default:
        throw Refusal(
          code: "unknown_change", message: "busd cannot change \"\(what.prefix(40))\"",
          help: "it can pause_queue, drain_queue, resume_queue, seek_subscription, forget_subscription")
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
      loop.changed("forget_subscription", ["name": .string("\(name)")], origin)
    }
  }
}
