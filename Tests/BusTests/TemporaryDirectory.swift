import Foundation

/// A directory of one test, gone with it. Its path is short: sockets have their place in it too.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = "/tmp/bus-test-\(UInt64.random(in: .min ... .max))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { do { try FileManager.default.removeItem(atPath: path) } catch {} }

  /// The names of what is in a directory of it; empty when there is none.
  func names(_ directory: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(directory)")) ?? []
  }
}

/// Copies files of a directory into another, as a backup or a crash would leave them.
func copyFiles(_ names: [String], from source: String, to target: String) throws {
  try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
  for name in names { try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(target)/\(name)") }
}
