internal import Bus
internal import GRDB

#if canImport(FoundationEssentials)
  internal import FoundationEssentials
#else
  internal import Foundation
#endif

/// One change of one user, as the account service gets it.
struct Change: Codable, Sendable {
  var id: Int
  var name: String
  var email: String
  var postalCode: String
}

/// The file of changes: one JSON object a line.
enum ChangeFile {
  static let userCount = 2000
  static let changeCount = 20_000

  private static let firstNames = [
    "Ada", "Alan", "Barbara", "Edsger", "Grace", "Hedy", "Katherine", "Linus", "Radia", "Tim",
  ]
  private static let lastNames = [
    "Allen", "Conway", "Dijkstra", "Hamilton", "Hopper", "Lamport", "Liskov", "Noether", "Perlman", "Turing",
  ]

  /// Writes the changes. Equal on every machine: the sequence is a fixed one, without chance.
  static func write(to path: String) throws {
    var lines: [UInt8] = []
    var state: UInt64 = 42
    for number in 0..<changeCount {
      // A linear congruential sequence (Knuth's MMIX constants); its upper half is even enough for a demonstration.
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let draw = Int(state >> 33)
      // The first changes create each user; the later ones come in bursts of one user, as they do in life.
      let id = number < userCount ? number + 1 : draw / 8 % userCount + 1
      let first = firstNames[draw % 10]
      let last = lastNames[draw / 10 % 10]
      let change: JSONValue = [
        "id": id.jsonValue, "name": .string("\(first) \(last)"),
        "email": .string("\(first.lowercased()).\(last.lowercased())\(number)@example.org"),
        "postalCode": .string(String(10_000 + draw / 100 % 90_000)),
      ]
      lines += change.bytes + [UInt8(ascii: "\n")]
    }
    try Data(lines).write(to: URL(filePath: path))
  }

  /// Reads the changes, in order.
  static func read(_ path: String) throws -> [Change] {
    try Data(contentsOf: URL(filePath: path)).split(separator: UInt8(ascii: "\n")).map { line in
      let members = try JSONParser.parse(line).members("change")
      return Change(
        id: try members.read("id"), name: try members.string("name"), email: try members.string("email"),
        postalCode: try members.string("postalCode"))
    }
  }
}
