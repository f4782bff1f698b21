import Testing
import ZeroMQ

@testable import BusBroker

/// A door that does not ask as it should is found before it opens.
struct DoorCheckTests {
  /// What stands behind the door.
  enum Lock: CaseIterable {
    case asItShould, letsEveryoneIn, letsNobodyIn, hasNoHandler, asksForNoKey
  }

  @Test(arguments: Lock.allCases) func `I30 only a door that asks for keys is opened`(lock: Lock) async throws {
    let problem = try await Porter().problem(lock)
    switch lock {
    case .asItShould: #expect(problem == nil)
    case .letsEveryoneIn: #expect(problem == "who comes with an unknown key is letIn")
    case .letsNobodyIn, .hasNoHandler: #expect(problem == "who comes with a known key is refused")
    case .asksForNoKey: #expect(problem == "who comes without a key is letIn")
    }
  }
}

/// Holds a door on a thread of its own.
private actor Porter {
  nonisolated let thread: SocketThread
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  init() throws { thread = try SocketThread(name: "porter") }

  deinit { thread.stop() }

  func problem(_ lock: DoorCheckTests.Lock) async throws -> String? {
    let context = try Context()
    let (server, known) = (try CurveKeys.generate(), try CurveKeys.generate())
    var options = SocketOptions.brokerRequests
    if lock != .asksForNoKey { (options.curve, options.zapDomain) = (.server(secretKey: server.secretKey), "bus") }
    let socket = try Socket(.router, in: context, options: options)
    try socket.bind("tcp://127.0.0.1:*")
    let handler: ZapHandler? =
      lock == .hasNoHandler
      ? nil
      : try ZapHandler(in: context, on: thread) { question in
        switch lock {
        case .letsEveryoneIn: "anyone"
        case .letsNobodyIn: nil
        default: question.publicKey == known.publicKey ? "known" : nil
        }
      }
    // A socket takes part in handshakes only when its thread calls into it.
    let watch = thread.watch(socket) {}
    defer { thread.unwatch(watch) }
    let check = DoorCheck(context: context, thread: thread, serverKey: server.publicKey)
    let problem = try await check.problem(at: socket.lastEndpoint, kind: .dealer, known: known)
    withExtendedLifetime(handler) {}
    return problem
  }
}
