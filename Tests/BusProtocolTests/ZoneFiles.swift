import BusProtocol
import Foundation

/// Zones of the system's database, for tests.
enum ZoneFiles {
  static func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: "/usr/share/zoneinfo/\(name)")))
  }

  static func zone(_ name: String) throws -> ZoneRules {
    name == "UTC" ? .utc : try ZoneRules(name: name, tzif: try bytes(name))
  }
}
