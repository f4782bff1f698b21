internal import BusProtocol
internal import BusSpool
internal import BusTopology
internal import Logging
internal import ZeroMQ

/// Who comes in, who is turned away, and what changes with the rules.
extension SocketLoop {
  /// So often the live endpoint is tried anew when its old socket has not let go of it yet.
  private static let bindingTries = 250
  private static let bindingPause: Duration = .milliseconds(20)
  /// Who cannot listen live is told of new events after this long: a burst makes one message.
  private static let headDelay: Duration = .milliseconds(5)

  // MARK: Doors

  /// Where a principal listens live; empty where it cannot be asked for, or may not hear everything.
  func livePlace(for principal: Name) -> String {
    let endpoints = facts.endpoints
    let isSame = access.isKeyed(endpoints.requests) == access.isKeyed(endpoints.live)
    return isSame && access.hearsLive(principal) ? endpoints.live : ""
  }

  /// Whether the live door may be open: it has a lock, or everybody may go through.
  var mayOpenLive: Bool { access.isKeyed(facts.endpoints.live) || access.hearsLive(KeyDirectory.local) }

  /// libzmq cannot disconnect one listener, and asks for keys only when one connects: all of them connect anew.
  private func reopenLive(tries: Int = SocketLoop.bindingTries) {
    do { if mayOpenLive { try sockets.openLive() } } catch {
      guard tries > 0 else {
        return failed(
          BrokerError(.inUse, "busd cannot listen at \(facts.endpoints.live) again: \(error)", help: "start it again"))
      }
      _ = thread.schedule(at: thread.now + SocketLoop.bindingPause) {
        self.assumeIsolated { if !$0.sockets.isLiveOpen { $0.reopenLive(tries: tries - 1) } }
      }
    }
  }

  // MARK: Who comes

  /// Its key was removed since it connected.
  func turnAway(_ route: [UInt8], _ said: String?) {
    let denial = Denial(
      line: "\(said ?? "nobody") speak", reason: "it has no key any more",
      help: "put its NAME.pub into the directory that access.keys names, and reload")
    var refusal = access.refusal(of: denial)
    refusal.code = SocketLoop.unknownKey.code
    send(Reply.refused(request: nil, refusal).frames, route: route, session: nil)
  }

  private static let unknownKey = Refusal(
    code: "unknown_key", message: "the key of this connection is not known to busd any more",
    help: "put its NAME.pub into the directory that access.keys names, and reload")

  /// Whether a plain publisher may publish its topic; nobody waits for an answer there.
  func mayPublish(_ message: Multipart) -> Bool {
    let isKeyed = access.isKeyed(facts.endpoints.intake)
    let topic = String(decoding: message.frames[0].prefix(Name.maximumLength + 1), as: UTF8.self)
    guard let principal = access.principal(message.principal, isKeyed: isKeyed) else {
      _ = access.refusal(
        of: Denial(
          line: "\(message.principal ?? "nobody") publish \(topic)", reason: "it has no key any more", help: ""))
      return false
    }
    let guarded = access.guarding(principal)
    guard let denial = guarded?.denial(.publish, topic) ?? guarded?.denialOfUnsigned(topic) else { return true }
    _ = access.refusal(of: denial)
    return false
  }

  /// Takes keys and rules anew. Who may something else now says hello again, and asks again for what it holds.
  func reload(_ settings: AccessSettings) throws {
    guard settings.own?.publicKey == access.ownKey else {
      throw BrokerError(
        .configuration, "busd's own key has changed, which counts from its next start", help: "start busd again")
    }
    let changed = access.replace(settings)
    for id in changed {
      guard let route = sessions.route(of: id) else { continue }
      let refusal = Refusal(code: "no_session", message: "what this client may do has changed", help: "say hello again")
      send(Reply.refused(request: nil, refusal).frames, route: route, session: nil)
      close(id, saidGoodbye: false)
    }
    logger.notice("keys and rules were read again", metadata: ["sessions": "\(changed.count)"])
    if access.isKeyed(facts.endpoints.live) || sockets.isLiveOpen != mayOpenLive {
      sockets.closeLive()
      reopenLive()
    }
  }

  /// Who is there already stays; a newcomer asks again.
  func tooManySessions(_ route: [UInt8], _ principal: Name) -> Refusal? {
    guard sessions.session(route: route, of: principal) == nil else { return nil }
    let retryAfter = Duration.seconds(2)
    if sessions.count >= facts.maximumSessions {
      counters.add(to: .sessionsRefused)
      return Refusal(
        code: "too_many_sessions", message: "\(sessions.count) processes are connected, which is the limit",
        help: "ask again later, or write a higher bus.limits.sessions", retryAfter: retryAfter)
    }
    guard let limit = access.limits(of: principal)?.sessions, sessions.count(of: principal) >= limit else { return nil }
    counters.add(to: .sessionsRefused)
    return Refusal(
      code: "too_many_sessions", message: "\(limit) processes of \(principal) are connected, which is its limit",
      help: "ask again later, or write a higher access.principals.\(principal).limits.sessions", retryAfter: retryAfter)
  }

  // MARK: Who does not hear

  /// Tells those who cannot listen live, and have read, that there is more to read.
  func tellHeadSoon() {
    guard !isTellingHead, deaf.values.contains(true) else { return }
    isTellingHead = true
    _ = thread.schedule(at: thread.now + SocketLoop.headDelay) { self.assumeIsolated { $0.tellHead() } }
  }

  private func tellHead() {
    isTellingHead = false
    let frames = Reply.head(readers.reader.durable).frames
    for (session, hasRead) in deaf where hasRead {
      guard let route = sessions.route(of: session) else { continue }
      send(frames, route: route, session: session)
    }
  }
}
