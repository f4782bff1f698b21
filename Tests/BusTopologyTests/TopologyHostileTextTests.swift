import BusTopology
import Testing

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// No text traps: it is a topology, or it is refused with a place.
@Suite struct TopologyHostileTextTests {
  private func read(_ text: String) {
    do throws(TopologyError) {
      _ = try Topology(parsing: text, file: "shop.yaml")
    } catch {
      #expect(!error.findings.isEmpty)
      #expect(!error.description.isEmpty)
    }
  }

  @Test func `every beginning of the shop's file parses or is refused`() throws {
    let bytes = Array(try ShopFile.text(ShopFile.shop).utf8)
    for end in bytes.indices { read(String(decoding: bytes[..<end], as: UTF8.self)) }
  }

  @Test func `the shop's file without any one of its bytes parses or is refused`() throws {
    let bytes = Array(try ShopFile.text(ShopFile.shop).utf8)
    for index in bytes.indices {
      var cut = bytes
      cut.remove(at: index)
      read(String(decoding: cut, as: UTF8.self))
    }
  }

  @Test(arguments: Array("\n\t\"{}[]:&*#!\u{0}".utf8) + [0xFF])
  func `the shop's file with any one byte exchanged parses or is refused`(_ byte: UInt8) throws {
    let bytes = Array(try ShopFile.text(ShopFile.shop).utf8)
    for index in bytes.indices {
      var changed = bytes
      changed[index] = byte
      read(String(decoding: changed, as: UTF8.self))
    }
  }

  @Test(arguments: [
    String(repeating: "[", count: 5000), String(repeating: "{a: ", count: 900), String(repeating: "- ", count: 3000),
    String(repeating: "? ", count: 3000), String(repeating: "[", count: 900) + String(repeating: "]", count: 900),
    "? " + String(repeating: "[", count: 500) + String(repeating: "]", count: 500) + "\n: 1", "*a", "&a", "!", "? ",
    "%YAML 9.9\n---\n", "---\n...\n---\n", "\u{FEFF}", "\u{FEFF}version: 1", "a: |\n\n\n", "<<: {a: b}", "\u{85}",
    "\r", "\r\n\r\n\u{2028}\u{1}", "\"\\xZZ\"", "\"\\uD800\"", "version: 1\n<<: *x\n",
  ])
  func `texts that break parsers are refused`(_ text: String) { read(text) }

  @Test func `aliases of aliases are refused before they are expanded`() throws {
    var text = "version: 1\na0: &a0 [x, x]\n"
    for level in 1...60 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    text += "? *a60\n: 1\n"
    let error = try #require(throws: TopologyError.self) { try Topology(parsing: text, file: "bomb.yaml") }
    #expect(error.findings.map(\.problem) == ["aliases are not allowed"])
    #expect(error.findings.first?.line == 11)
  }

  @Test func `a byte order mark is no column`() throws {
    let error = try #require(throws: TopologyError.self) {
      try Topology(parsing: "\u{FEFF}version: 1, bus: {}", file: "f")
    }
    #expect(error.findings.map(\.column) == [16])
  }

  @Test func `many patterns with stars are no aliases`() throws {
    let patterns = (1...40).map { "  \"a\($0):*x\": {}\n  b\($0)-*y: {}\n  # *c \n" }.joined()
    #expect(try Topology(parsing: "version: 1\ntopics:\n\(patterns)", file: "f").topics.count == 80)
  }

  @Test func `nesting beyond 32 is refused where it begins`() throws {
    let text = "version: 1\nbus: " + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
    let error = try #require(throws: TopologyError.self) { try Topology(parsing: text, file: "deep.yaml") }
    #expect(error.findings.last.map { "\($0.column) \($0.problem)" } == "38 nested more than 32 deep")
  }

  @Test func `a file beyond one mebibyte is refused unread`() throws {
    let text = "version: 1\n#" + String(repeating: "x", count: 1 << 20)
    let error = try #require(throws: TopologyError.self) { try Topology(parsing: text, file: "large.yaml") }
    #expect(error.description.hasPrefix("large.yaml: error: the file has 1048588 bytes"))
  }

  @Test func `bytes that are no UTF-8 are refused with their place`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bus-topology-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "latin.yaml")
    try Data("version: 1\n# caf\u{E9}\n".unicodeScalars.map { UInt8($0.value) }).write(to: file)
    let error = try #require(throws: TopologyError.self) { try Topology(contentsOf: file.path) }
    #expect(error.findings.map { "\($0.line):\($0.column) \($0.problem)" } == ["2:6 not UTF-8"])
  }
}
