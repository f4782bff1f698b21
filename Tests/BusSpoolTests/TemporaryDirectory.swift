import BusSpool
import Foundation

/// A directory of one test, gone with it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("spool-\(UUID().uuidString)").path
  }

  deinit { do { try FileManager.default.removeItem(atPath: path) } catch {} }

  func mode(_ name: String) throws -> Int {
    let attributes = try FileManager.default.attributesOfItem(atPath: name.isEmpty ? path : "\(path)/\(name)")
    return (attributes[.posixPermissions] as? Int) ?? 0
  }
}
