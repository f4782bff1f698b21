import Foundation
import Testing

/// A program that a test started: its output, its signals, its end.
final class Program: Sendable {
  private let process = Process()
  private let output = Collected()

  static func path(of name: String) -> String {
    URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name)
      .path
  }

  init(_ name: String, _ arguments: [String], environment: [String: String] = [:]) throws {
    process.executableURL = URL(filePath: name.hasPrefix("/") ? name : Program.path(of: name))
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    let output = output
    pipe.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      guard data.isEmpty else { return output.append(data) }
      handle.readabilityHandler = nil
      output.end()
    }
    try process.run()
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  var id: Int32 { process.processIdentifier }
  var isRunning: Bool { process.isRunning }
  var text: String { output.text }
  var lines: [String] { text.split(separator: "\n").map(String.init) }

  func signal(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// The exit code, or the signal's number as the shell writes it (128 + n).
  func end(within limit: Duration = .seconds(30)) async throws -> Int32 {
    try await eventually(within: limit, "\(process.executableURL?.lastPathComponent ?? "") ends: \(text)") {
      !process.isRunning
    }
    // What it wrote last may still be in the pipe; its own children may keep that open.
    let deadline = ContinuousClock.now + .milliseconds(500)
    try await eventually("its last words are read") { output.hasEnded || ContinuousClock.now > deadline }
    return process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
  }

  private final class Collected: @unchecked Sendable {
    private let lock = NSLock()
    private var data = Data()
    private var isAtEnd = false
    func append(_ more: Data) { lock.withLock { data.append(more) } }
    func end() { lock.withLock { isAtEnd = true } }
    var hasEnded: Bool { lock.withLock { isAtEnd } }
    var text: String { lock.withLock { String(decoding: data, as: UTF8.self) } }
  }
}
