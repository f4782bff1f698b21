import Bus
import BusProtocol
import Foundation

/// A busd in a process and a directory of its own.
final class Bed: Sendable {
  let directory: String
  private let process = Process()

  init() async throws {
    directory = "/tmp/bus-bench-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "busd")
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let pipe = Pipe()
    process.standardError = pipe
    try process.run()
    var text = ""
    while !text.contains("busd ready") {
      let data = pipe.fileHandleForReading.availableData
      if data.isEmpty { throw Failure(message: "busd ended: \(text)") }
      text += String(decoding: data, as: UTF8.self)
    }
    pipe.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil } else { FileHandle.standardError.write(data) }
    }
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(atPath: directory)
  }

  var environment: [String: String] {
    ["BUS_STATE_DIR": "\(directory)/state", "BUS_RUNTIME_DIR": "\(directory)/run", "BUS_SERVICE": "bench"]
  }

  func configuration() throws -> BusConfiguration { try BusConfiguration(environment: environment) }

  func client() throws -> BusClient { try BusClient(configuration()) }

  /// Resident memory of busd in MB (proc(5), status).
  var residentMegabytes: Int {
    let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return (line?.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1024
  }

  /// Processor time of busd so far (proc(5), stat, fields 14 and 15, in hundredths of a second).
  var processorSeconds: Double {
    let text = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)) ?? ""
    let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
    guard fields.count > 13 else { return 0 }
    return Double((Int(fields[12]) ?? 0) + (Int(fields[13]) ?? 0)) / 100
  }

  struct Failure: Error { let message: String }
}

/// 100 bytes of JSON, as every event of the benchmarks has them.
let hundredBytes: JSONObject = ["filler": .string(String(repeating: "x", count: 87))]
