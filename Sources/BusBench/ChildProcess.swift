import Foundation

/// A program beside this one, started and heard until it says that it is ready.
final class ChildProcess: Sendable {
  let id: Int32
  private let process: Process

  init(_ program: String, _ arguments: [String], _ environment: [String: String], ready: String) async throws {
    let process = Process()
    process.executableURL = ChildProcess.url(of: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    (self.process, id) = (process, process.processIdentifier)
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
  }

  /// A program that was built with this one.
  static func url(of program: String) -> URL {
    Bundle.main.executableURL?.deletingLastPathComponent().appending(path: program) ?? URL(filePath: program)
  }
}
