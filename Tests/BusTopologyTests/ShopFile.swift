import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The files of the folder Topology.
enum ShopFile {
  static let folder = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" } + "/Topology"
  static let shop = "\(folder)/shop.yaml"
  static let schema = "\(folder)/bus.schema.json"

  static func text(_ path: String) throws -> String {
    let data = try #require(FileManager.default.contents(atPath: path), "\(path) cannot be read")
    return try #require(String(validating: data, as: UTF8.self))
  }
}
