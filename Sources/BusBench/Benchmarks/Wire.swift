import Bus
import ZeroMQ

extension Benchmark {
  static let wire = Benchmark(
    "wire", "a message to another thread's socket and its answer, by libzmq: one behind the other, and 200 a second",
    bar: "none: below every figure that awaits"
  ) { sizes in
    let endpoint = "ipc://\(sizes.directory)/bus-bench-wire"
    let echo = try WireEnd(.router, .brokerRequests)
    // What is sent before there is a connection waits for it.
    let caller = try WireEnd(.dealer, SocketOptions())
    try await echo.echo(at: endpoint)
    try await caller.connect(to: endpoint)
    // The first ones find the connection being made.
    for _ in 0..<100 { try await caller.call(Payload.hundredBytes.bytes) }
    let together = try await caller.calls(sizes.calls, apart: .zero)
    let idle = try await caller.calls(sizes.calls, apart: .milliseconds(5))
    for end in [echo, caller] { await end.end() }
    return Figure.quantiles("100 B there and back over ipc, one behind the other", together)
      + Figure.quantiles("100 B there and back over ipc, idle", idle)
  }
}

/// A socket on a thread of its own, as a client and busd have one each: what wakes whom is the same, and nothing is
/// done but to answer.
private actor WireEnd {
  nonisolated let thread: SocketThread
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  private let socket: Socket
  private var waiting: CheckedContinuation<Void, any Error>?
  private var watch: WatchID?

  init(_ kind: SocketKind, _ options: SocketOptions) throws {
    thread = try SocketThread(name: "wire-\(kind)")
    // Its own context, so that it has its own input and output thread, as another process would.
    socket = try Socket(kind, in: try Context(), options: options)
  }

  /// Sends back whatever comes.
  func echo(at endpoint: String) throws {
    try socket.bind(endpoint)
    watch = thread.watch(socket) {
      self.assumeIsolated { end in
        do { while let message = try end.socket.receive() { _ = try end.socket.send(message) } } catch {
          fatalError("the echo ends: \(error)")
        }
      }
    }
  }

  func connect(to endpoint: String) throws {
    try socket.connect(endpoint)
    watch = thread.watch(socket) { self.assumeIsolated { $0.answered() } }
  }

  private func answered() {
    do { while try socket.receive() != nil { waiting?.resume() } } catch { waiting?.resume(throwing: error) }
    waiting = nil
  }

  /// Returns when the answer is there.
  func call(_ bytes: [UInt8]) async throws {
    try await withCheckedThrowingContinuation { continuation in
      waiting = continuation
      do {
        guard try socket.send(Multipart([bytes])) == .sent else { throw Failure(description: "nothing can be sent") }
      } catch {
        waiting = nil
        continuation.resume(throwing: error)
      }
    }
  }

  /// - Parameter pause: between two of them.
  func calls(_ count: Int, apart pause: Duration) async throws -> LatencyHistogram {
    var histogram = LatencyHistogram()
    let begin = ContinuousClock.now
    for number in 0..<count {
      try await ContinuousClock().sleep(until: begin + pause * number, tolerance: .zero)
      let before = ContinuousClock.now
      try await call(Payload.hundredBytes.bytes)
      histogram.record(.now - before)
    }
    return histogram
  }

  func end() {
    if let watch { thread.unwatch(watch) }
    thread.stop()
  }
}
