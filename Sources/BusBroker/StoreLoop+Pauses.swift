internal import BusProtocol
internal import BusStore
internal import Logging

/// Pauses of schedules and subscriptions.
extension StoreLoop {
  /// Which subscriptions were paused before busd was started.
  func rememberPauses() {
    do {
      for status in try store.subscriptions() where status.pause != nil { subscriptions.pause(status.name) }
    } catch {
      logger.error("the pauses of subscriptions could not be read", metadata: ["error": "\(error)"])
    }
  }

  /// Due times of a paused schedule make no jobs; what becomes of them then says its catch-up.
  func holdSchedule(_ asked: JSONMembers, _ origin: Origin, isPaused: Bool) throws {
    let text = try asked.string("name")
    guard let known = try store.schedules().first(where: { $0.name.description == text })?.name else {
      throw Refusal(
        code: "not_found", message: "there is no schedule \(text.prefix(100)) that is switched on", help: "bus cron")
    }
    let pause = isPaused ? try self.pause(asked) : nil
    add(.holdSchedule(known, pause), for: origin) { loop, reply in
      guard case .held(true, let before) = reply else {
        return loop.refuse(loop.notFound("schedule", text), request: origin.request, session: origin.session)
      }
      let now = isPaused ? before ?? pause : nil
      loop.schedules.hold(known, now)
      loop.changed(isPaused ? "pause_schedule" : "resume_schedule", loop.answer(text, now, before), origin)
    }
  }

  /// A paused subscription keeps its cursor; whoever runs it loses the lease, and nobody gets it.
  func holdSubscription(_ asked: JSONMembers, _ origin: Origin, isPaused: Bool) throws {
    let name = try SubscriptionName(try asked.string("name"))
    let pause = isPaused ? try self.pause(asked) : nil
    add(.holdSubscription(name, pause), for: origin) { loop, reply in
      guard case .held(true, let before) = reply else {
        return loop.refuse(loop.notFound("subscription", "\(name)"), request: origin.request, session: origin.session)
      }
      if isPaused { loop.subscriptions.pause(name) } else { loop.subscriptions.resume(name) }
      let now = isPaused ? before ?? pause : nil
      loop.changed(isPaused ? "pause_subscription" : "resume_subscription", loop.answer("\(name)", now, before), origin)
    }
  }

  private func pause(_ asked: JSONMembers) throws -> Pause {
    Pause(reason: try asked.optional("reason") ?? "", since: now())
  }

  /// How it is stopped, or was: of two that stop it the first one's reason stays.
  private func answer(_ name: String, _ pause: Pause?, _ before: Pause?) -> JSONObject {
    ["name": .string(name), "pause": pause?.json ?? .null, "before": before?.json ?? .null]
  }
}
