import Foundation
import Synchronization
import ZeroMQ

/// An actor on a socket thread of its own, where the sockets of one test live.
actor Stage {
  nonisolated let thread: SocketThread
  nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  private var waiting: CheckedContinuation<Void, any Error>?
  private var hasPassed = false
  private var watched: WatchID?

  struct DeadlineExceeded: Error {}

  private init() throws { thread = try SocketThread(name: "test") }

  /// Runs a test on a thread that ends with it.
  static func run<R: Sendable>(_ test: @Sendable (isolated Stage) async throws -> R) async throws -> R {
    let stage = try Stage()
    defer { stage.thread.stop() }
    return try await test(stage)
  }

  /// Waits for the next whole message.
  func receive(_ socket: borrowing Socket) async throws -> Multipart {
    let watch = thread.watch(socket) { self.assumeIsolated { $0.hear() } }
    watched = watch
    defer {
      thread.unwatch(watch)
      watched = nil
    }
    while true {
      if let message = try socket.receive() { return message }
      thread.setPaused(watch, false)
      try await nextChange()
    }
  }

  /// Something has come: looked at once, since the thread would turn round and round until the test goes on.
  private func hear() {
    if let watched { thread.setPaused(watched, true) }
    changed()
  }

  /// Waits until something is so; whoever makes it so calls ``changed()``.
  func wait(until isSo: () -> Bool) async throws {
    while !isSo() { try await nextChange() }
  }

  func changed() {
    waiting?.resume()
    waiting = nil
  }

  /// Waits for a moment.
  func wait(until deadline: ContinuousClock.Instant) async throws {
    hasPassed = false
    _ = thread.schedule(at: deadline) { self.assumeIsolated { $0.pass() } }
    while !hasPassed { try await nextChange() }
  }

  private func pass() {
    hasPassed = true
    changed()
  }

  private func nextChange() async throws {
    let timer = thread.schedule(at: .now + .seconds(20)) { self.assumeIsolated { $0.fail() } }
    defer { thread.cancel(timer) }
    try await withCheckedThrowingContinuation { waiting = $0 }
  }

  private func fail() {
    waiting?.resume(throwing: DeadlineExceeded())
    waiting = nil
  }
}

/// The ways that two sockets of a test may be apart.
enum Transport: CaseIterable {
  case inproc, ipc, tcp

  /// An endpoint that no other test has.
  var endpoint: String {
    let number = Transport.serial.add(1, ordering: .relaxed).newValue
    return switch self {
    case .inproc: "inproc://test-\(number)"
    case .ipc: "ipc://\(Transport.directory.path)/\(number)"
    case .tcp: "tcp://127.0.0.1:*"
    }
  }

  private static let serial = Atomic<Int>(0)

  /// A directory of this process, which goes with it: libzmq leaves the files of its endpoints behind.
  private static let directory: URL = {
    let name = "zeromq-tests-\(ProcessInfo.processInfo.processIdentifier)"
    let directory = FileManager.default.temporaryDirectory.appending(path: name)
    try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: Transport.directory) }
    return directory
  }()
}

/// Something that several closures of one thread fill.
final class Log<Element> {
  var entries: [Element] = []
}

/// A socket that can be let go of at a moment of the test's choice.
final class Holder {
  let socket: Socket
  init(_ socket: consuming Socket) { self.socket = socket }
}
