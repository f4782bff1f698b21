import Foundation
import Synchronization

/// A program beside this one, started and heard until it says that it is ready.
final class ChildProcess: Sendable {
  let id: Int32
  private let process: Process
  /// Those that would be left behind.
  private static let running = Mutex<Set<Int32>>([])

  init(_ program: String, _ arguments: [String], _ environment: [String: String], ready: String) async throws {
    let process = Process()
    process.executableURL = ChildProcess.url(of: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    let id = process.processIdentifier
    (self.process, self.id) = (process, id)
    _ = ChildProcess.running.withLock { $0.insert(id) }
    var text = ""
    while !text.contains(ready) {
      let data = pipe.fileHandleForReading.availableData
      if data.isEmpty { throw Failure(description: "\(program) ended: \(text)") }
      text += String(decoding: data, as: UTF8.self)
    }
    pipe.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil } else { FileHandle.standardError.write(data) }
    }
  }

  /// Ends it as a crash would, and waits until it is gone.
  func kill() {
    Foundation.kill(id, SIGKILL)
    process.waitUntilExit()
    _ = ChildProcess.running.withLock { $0.remove(id) }
  }

  /// Who is told to end takes all that it started along, for as long as what this returns is kept.
  static func endAllOnSignals() -> [any DispatchSourceSignal] {
    [SIGINT, SIGTERM, SIGHUP].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        for id in running.withLock({ $0 }) { Foundation.kill(id, SIGKILL) }
        exit(128 + number)
      }
      source.resume()
      return source
    }
  }

  /// A program that was built with this one.
  static func url(of program: String) -> URL {
    Bundle.main.executableURL?.deletingLastPathComponent().appending(path: program) ?? URL(filePath: program)
  }
}
