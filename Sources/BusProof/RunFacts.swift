import Bus
import BusProtocol
import Foundation

/// What a full run was of: the sources, the build, the machine.
struct RunFacts {
  var commit: String
  var build: String
  var seed: UInt64
  var machine: JSONObject
  var begin: String

  static func gather(seed: UInt64, in directory: String) async -> RunFacts {
    #if DEBUG
      let build = "debug"
    #else
      let build = "release"
    #endif
    let head = await git(["rev-parse", "--short=12", "HEAD"], in: directory)
    let changes = await git(["status", "--porcelain", "--untracked-files=no"], in: directory)
    let commit = head.map { changes?.isEmpty == true ? $0 : "\($0) with changes" } ?? "unknown"
    return RunFacts(
      commit: commit, build: build, seed: seed, machine: machine(), begin: Timestamp.now.description)
  }

  /// Of the sources that this program was built beside.
  private static func git(_ arguments: [String], in directory: String) async -> String? {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/git"),
      let (code, text) = try? await Child.run("/usr/bin/git", ["-C", Child.directory] + arguments, in: directory),
      code == 0
    else { return nil }
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func machine() -> JSONObject {
    let process = ProcessInfo.processInfo
    var names = utsname()
    uname(&names)
    let kernel = withUnsafeBytes(of: &names.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return [
      "processors": process.activeProcessorCount.jsonValue, "memory_mb": (process.physicalMemory >> 20).jsonValue,
      "kernel": .string(kernel),
    ]
  }
}
