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
      case "seek_subscription": try seek(asked, origin)
      case "forget_subscription": try removeSubscription(asked, origin)
      default:
        throw Refusal(
          code: "unknown_change", message: "busd cannot change \"\(what.prefix(40))\"",
          help: "change one of seek_subscription, forget_subscription")
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
