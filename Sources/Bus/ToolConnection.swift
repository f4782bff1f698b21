package import BusProtocol
internal import BusSigning
package import Logging
internal import Synchronization
internal import ZeroMQ

/// The connection of a tool: looks, asks and enqueues, but publishes nothing, and so needs no outbox.
package final class ToolConnection: Sendable {
  private let link: Link
  private let logger: Logger
  private let signers: Signers

  /// Begins to connect; busd need not be there.
  package init(_ configuration: BusConfiguration, logger: Logger) throws(BusError) {
    self.logger = logger
    signers = configuration.signers
    do {
      link = try Link(
        endpoint: configuration.endpoint, hello: Hello(role: .tool, process: configuration.process),
        keys: configuration.keys, logger: logger, random: configuration.random)
    } catch { throw BusError(code: "socket", error.message, help: "raise the limit of open files") }
    link.start()
  }

  /// What busd said at the beginning of the session; waits for it as long as it is told.
  package func welcome(timeout: Duration) async throws(BusError) -> Welcome {
    let link = link
    let welcome: Welcome? = await withCheckedContinuation { continuation in
      let waiter = Waiter(continuation)
      link.onThread { link in
        let timer = link.thread.schedule(at: .now + timeout) { waiter.resume(nil) }
        _ = link.listen { event in
          guard case .up(let welcome) = event else { return }
          link.thread.cancel(timer)
          waiter.resume(welcome)
        }
      }
    }
    if welcome == nil, let error = await link.notAdmitted { throw error }
    guard let welcome else { throw BusError(code: "unreachable", "busd did not answer within \(timeout)") }
    return welcome
  }

  /// Tells from now on whenever a session ends and another one begins.
  package func watch(_ told: @escaping @Sendable (_ isConnected: Bool) -> Void) {
    link.onThread { link in
      _ = link.listen { event in
        switch event {
        case .up: told(true)
        case .down: told(false)
        case .pushed: break
        }
      }
    }
  }

  /// Asks for anything that is answered; a refusal is thrown.
  package func request(
    timeout: Duration, _ make: @escaping @Sendable (UInt64) -> Request
  ) async throws(BusError) -> Reply {
    try await link.request(timeout: timeout, make)
  }

  /// Follows topics from a place: a stretch at each call, gap-free, for ever.
  package func follow(
    _ patterns: [TopicPattern], after offset: Offset
  ) -> @Sendable () async throws -> ToolStretch {
    let follow = Follow(link, patterns: patterns, after: offset, signers: signers, logger: logger)
    return {
      let stretch = try await follow.next()
      return ToolStretch(through: stretch.through, events: stretch.events, missing: stretch.missing)
    }
  }

  /// Says goodbye and ends; who waits for an answer gets an error.
  package func stop() { link.stop() }

  /// Resumes a continuation once, whatever comes first; on the link's thread.
  private final class Waiter: Sendable {
    private let continuation: Mutex<CheckedContinuation<Welcome?, Never>?>

    init(_ continuation: CheckedContinuation<Welcome?, Never>) { self.continuation = Mutex(continuation) }

    func resume(_ welcome: Welcome?) {
      let waiting = continuation.withLock { continuation in
        defer { continuation = nil }
        return continuation
      }
      waiting?.resume(returning: welcome)
    }
  }
}

/// Events of a stretch of the spool, complete and in order.
package struct ToolStretch: Sendable {
  /// Everything up to here was looked at.
  package var through: Offset
  /// What was wanted.
  package var events: [Event]
  /// What is no longer kept.
  package var missing: ClosedRange<UInt64>?
}
