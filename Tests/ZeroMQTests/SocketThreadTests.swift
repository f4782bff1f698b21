import Foundation
import Testing
import ZeroMQ

/// The loop: order, fairness, waking, ending.
struct SocketThreadTests {
  @Test func `work runs in the order in which it was left`() async throws {
    let thread = try SocketThread(name: "test")
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    for number in 0..<10_000 { thread.perform { continuation.yield(number) } }
    thread.perform { continuation.finish() }
    var expected = 0
    for await number in stream {
      #expect(number == expected)
      expected += 1
    }
    #expect(expected == 10_000)
    thread.stop()
  }

  @Test func `four threads leave ten thousand closures each, and all run`() async throws {
    let thread = try SocketThread(name: "test")
    let others = try (0..<4).map { try SocketThread(name: "leaver-\($0)") }
    let counter = Counter()
    await withTaskGroup { group in
      for other in others {
        group.addTask {
          await withCheckedContinuation { continuation in
            other.perform {
              for _ in 0..<10_000 { thread.perform { counter.add() } }
              thread.perform { continuation.resume() }
            }
          }
        }
      }
    }
    #expect(counter.value == 40_000)
    for other in others + [thread] { other.stop() }
  }

  @Test func `an actor pinned to the thread runs there, in turn with the work`() async throws {
    try await Stage.run { stage in
      #expect(stage.thread.isCurrent)
      stage.thread.checkIsolated()
      let log = Transferred<[Int]>([])
      stage.thread.perform { log.value?.append(1) }
      let job = Task {
        stage.preconditionIsolated()
        log.value?.append(2)
      }
      stage.thread.perform {
        stage.assumeIsolated { _ in log.value?.append(3) }
      }
      await job.value
      stage.thread.checkIsolated()
      await Task { @concurrent in #expect(!stage.thread.isCurrent) }.value
      #expect(log.value?.first == 1)
      #expect(log.value?.count == 3)
    }
  }

  @Test func `entering an actor from another thread traps`() async {
    await #expect(processExitsWith: .failure) {
      let thread = try SocketThread(name: "test")
      thread.checkIsolated()
    }
  }

  @Test func `timers fire in order, not early, and not when cancelled`() async throws {
    try await Stage.run { stage in
      let log = Log<Int>()
      let start = ContinuousClock.now
      var early = 0
      let delays = [30, 10, 20, 0, 10]
      for (index, delay) in delays.enumerated() {
        let deadline = start + .milliseconds(delay)
        _ = stage.thread.schedule(at: deadline) {
          if ContinuousClock.now < deadline { early += 1 }
          log.entries.append(index)
          stage.assumeIsolated { $0.changed() }
        }
      }
      let cancelled = stage.thread.schedule(at: start + .milliseconds(15)) { log.entries.append(99) }
      _ = stage.thread.schedule(at: start + .milliseconds(12)) { stage.thread.cancel(cancelled) }
      try await stage.wait { log.entries.count == delays.count }
      #expect(log.entries == [3, 1, 4, 2, 0])
      #expect(early == 0)
    }
  }

  @Test func `a timer that sets the next for now leaves the others their turn`() async throws {
    try await Stage.run { stage in
      let state = Log<Bool>()
      func again() {
        guard state.entries.isEmpty else { return }
        _ = stage.thread.schedule(at: .now - .seconds(3600)) { again() }
      }
      again()
      stage.thread.perform { stage.assumeIsolated { $0.changed() } }
      var turns = 0
      try await stage.wait {
        turns += 1
        return turns == 2
      }
      state.entries.append(true)
    }
  }

  @Test func `input is called for until it is taken, and others have their turn`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let pull = Holder(try Socket(.pull, in: context, options: SocketOptions()))
      let push = try Socket(.push, in: context, options: SocketOptions())
      try pull.socket.bind("inproc://level")
      try push.connect("inproc://level")
      let log = Log<String>()
      let watch = stage.thread.watch(pull.socket) {
        log.entries.append("input")
        stage.thread.perform { stage.assumeIsolated { _ in } }
        guard log.entries.count > 2 else { return }
        while let message = try? pull.socket.receive() {
          log.entries.append(String(decoding: message.frames[0], as: UTF8.self))
        }
        stage.assumeIsolated { $0.changed() }
      }
      _ = try push.send(Multipart(text: "a"))
      _ = try push.send(Multipart(text: "b"))
      try await stage.wait { log.entries.contains("b") }
      #expect(log.entries == ["input", "input", "input", "a", "b"])
      stage.thread.unwatch(watch)
      stage.thread.unwatch(watch)
      _ = try push.send(Multipart(text: "c"))
      try await stage.wait(until: .now + .milliseconds(20))
      #expect(log.entries.count == 5)
    }
  }

  @Test func `a paused watch leaves the input where it is`() async throws {
    try await Stage.run { stage in
      let context = try Context()
      let pull = Holder(try Socket(.pull, in: context, options: SocketOptions()))
      let push = try Socket(.push, in: context, options: SocketOptions())
      try pull.socket.bind(Transport.tcp.endpoint)
      try push.connect(pull.socket.lastEndpoint)
      let log = Log<Multipart>()
      let watch = stage.thread.watch(pull.socket) {
        if let message = try? pull.socket.receive() { log.entries.append(message) }
        stage.assumeIsolated { $0.changed() }
      }
      stage.thread.setPaused(watch, true)
      _ = try push.send(Multipart(text: "waits"))
      while !pull.socket.hasInput { await Task.yield() }
      try await stage.wait(until: .now + .milliseconds(20))
      #expect(log.entries.isEmpty)
      stage.thread.setPaused(watch, false)
      try await stage.wait { log.entries == [Multipart(text: "waits")] }
    }
  }

  @Test(arguments: [false, true])
  func `a handler may end or pause the watches after it`(pauses: Bool) async throws {
    try await Stage.run { stage in
      let context = try Context()
      let calls = Log<WatchID>()
      var watches: [WatchID] = []
      var holders: [Holder] = []
      for number in 0..<4 {
        let (one, two) = (
          Holder(try Socket(.pair, in: context, options: SocketOptions())),
          Holder(try Socket(.pair, in: context, options: SocketOptions()))
        )
        try one.socket.bind("inproc://after-\(number)")
        try two.socket.connect("inproc://after-\(number)")
        _ = try two.socket.send(Multipart(text: "input"))
        holders += [one, two]
      }
      for index in 0..<4 {
        watches.append(
          stage.thread.watch(holders[index * 2].socket) {
            calls.entries.append(watches[index])
            for other in watches where other != watches[index] {
              if pauses { stage.thread.setPaused(other, true) } else { stage.thread.unwatch(other) }
            }
            stage.thread.setPaused(watches[index], true)
            stage.assumeIsolated { $0.changed() }
          })
      }
      try await stage.wait { !calls.entries.isEmpty }
      try await stage.wait(until: .now + .milliseconds(5))
      #expect(calls.entries.count == 1)
      withExtendedLifetime(holders) {}
    }
  }

  @Test func `stopping runs what was left before, and lets go of watches and timers`() async throws {
    let thread = try SocketThread(name: "test")
    let ran = Counter()
    let kept = Transferred<Holder>(nil)
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    await onLoop(thread) {
      let token = Token { continuation.finish() }
      _ = thread.schedule(at: .now + .seconds(3600)) { withExtendedLifetime(token) {} }
      guard let context = try? Context() else { return }
      kept.value = try? Holder(Socket(.pair, in: context, options: SocketOptions()))
      if let holder = kept.value { _ = thread.watch(holder.socket) { withExtendedLifetime(token) {} } }
    }
    for _ in 0..<1000 { thread.perform { ran.add() } }
    thread.stop()
    thread.stop()
    for await _ in stream {}
    #expect(ran.value == 1000)
    kept.value = nil
  }

  @Test func `work that comes after the end still runs, so that no task waits for ever`() async throws {
    let stopped = try await Stage.run { stage in stage }
    for _ in 0..<200 {
      #expect(await onLoop(stopped.thread) { stopped.thread.isCurrent })
      await stopped.changed()
    }
    #expect(!stopped.thread.isCurrent)
  }

  @Test func `the thread has its name`() async throws {
    let thread = try SocketThread(name: "busd-socket")
    #if os(Linux)
      let name = await onLoop(thread) { try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8) }
      #expect(name == "busd-socket\n")
    #endif
    thread.stop()
  }

  @Test func `an idle thread costs nothing`() async throws {
    let used = try await Stage.run { stage in
      let context = try Context()
      let router = try Socket(.router, in: context, options: .brokerRequests)
      try router.bind(Transport.tcp.endpoint)
      let watch = stage.thread.watch(router) {}
      let before = SocketThreadTests.threadTime()
      try await stage.wait(until: .now + .milliseconds(200))
      stage.thread.unwatch(watch)
      return SocketThreadTests.threadTime() - before
    }
    #expect(used < .milliseconds(5), "it used \(used) of 200 ms")
  }

  /// The processor time of the calling thread.
  private static func threadTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

/// Tells when it is let go of.
private final class Token: Sendable {
  private let onEnd: @Sendable () -> Void
  init(onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }
  deinit { onEnd() }
}
