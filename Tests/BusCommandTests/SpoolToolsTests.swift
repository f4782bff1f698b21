import BusProtocol
import Foundation
import Testing

@testable import BusCommand

struct SpoolToolsTests {
  /// A site whose spool has so many events, and no busd at work on it.
  private func site(_ count: Int) async throws -> Site {
    let site = try Site()
    try await site.startBusd()
    let lines = (1...count).map { "{\"n\":\($0)}" }.joined(separator: "\n") + "\n"
    #expect(try await site.bus("publish", "counted", "--ndjson", input: lines).status == 0)
    try await site.stopBusd()
    return site
  }

  private func lines(_ text: String) throws -> [JSONValue] {
    try text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
  }

  private func damage(_ spool: String, at position: UInt64) throws {
    let handle = try #require(FileHandle(forWritingAtPath: "\(spool)/00000000000000000001.seg"))
    try handle.seek(toOffset: position)
    try handle.write(contentsOf: Data([0xFF, 0xFF, 0xFF]))
    try handle.close()
  }

  @Test func `events are exported in part, and imported elsewhere under their ids once`() async throws {
    let site = try await site(20)
    let all = try await site.bus("spool", "export")
    #expect(all.status == 0 && all.error == "")
    let events = try lines(all.output)
    #expect(events.map { $0["offset"] } == (1...20).map { $0.jsonValue })
    #expect(events.allSatisfy { $0["specversion"] == "1.0" && $0["type"] == "counted" })
    let part = try await site.bus("spool", "export", "--from", "#5", "--to", "#8")
    #expect(try lines(part.output).map { $0["data"]?["n"] } == [5, 6, 7, 8])
    #expect(try await site.bus("spool", "export", "--topic", "other").output == "")
    #expect(try await site.bus("spool", "export", "--to", "2001-01-01").output == "")
    #expect(try lines(try await site.bus("spool", "export", "--from", "2001-01-01").output).count == 20)

    let other = try Site()
    try await other.startBusd()
    let first = try await other.bus("spool", "import", "--json", input: part.output)
    #expect(first.status == 0 && first.error == "", "\(first.error)")
    #expect(try lines(first.output) == [["events": 4, "last": 4]])
    #expect(try await other.bus("spool", "import", "--after-line", "4", input: all.output).output == "16 events\n")
    #expect(try await other.bus("spool", "import", input: all.output).output == "20 events\n")
    let again = try lines(try await other.bus("spool", "export", "\(other.directory)/state/spool").output)
    #expect(again.count == 20, "each id once")
    let sorted = again.sorted { $0["data"]?["n"].flatMap(Int.init) ?? 0 < $1["data"]?["n"].flatMap(Int.init) ?? 0 }
    #expect(sorted.map { $0["id"] } == events.map { $0["id"] })
    #expect(sorted.map { $0["source"] } == events.map { $0["source"] })
  }

  @Test func `a line that is no event is named, and what was before it stays`() async throws {
    let site = try await site(2)
    let text = try await site.bus("spool", "export").output
    try await site.startBusd()
    let result = try await site.bus("spool", "import", input: text + "{\"specversion\":\"1.0\"}\n")
    #expect(result.status == 65)
    #expect(result.error.contains("where: standard input, line 3"))
    #expect(result.error.contains("--after-line 2"))
  }

  @Test func `a damaged spool is repaired into a copy, takes its place, and serves again`() async throws {
    let site = try await site(10)
    let spool = "\(site.directory)/state/spool"
    try damage(spool, at: 4096 + 60)
    let busd = try Program([], program: "busd", environment: site.environment)
    #expect(try await busd.end().status == 65)
    let export = try await site.bus("spool", "export")
    #expect(export.status == 65 && export.error.contains("bus spool repair \(spool)"))

    let repair = try await site.bus("spool", "repair", "--replace", "--json")
    #expect(repair.status == 0, "\(repair.error)")
    let told = try lines(repair.output)
    #expect(told.count == 1 && told[0]["kept"] == 9 && told[0]["lost"] == 1 && told[0]["copy"] == .string(spool))
    #expect(told[0]["lost_ranges"] == [["first": 1, "last": 1]])
    #expect(FileManager.default.fileExists(atPath: "\(spool).damaged/00000000000000000001.seg"))
    #expect(try await site.bus("spool", "verify").status == 0)

    try await site.startBusd()
    #expect(try await site.bus("publish", "counted", #"{"n":11}"#).status == 0)
    try await site.stopBusd()
    let events = try lines(try await site.bus("spool", "export").output)
    #expect(events.map { $0["offset"] } == (1...11).map { $0.jsonValue })
    #expect(events[0]["type"] == "event_lost" && events[0]["data"] == ["offset": 1])
    #expect(events[10]["data"] == ["n": 11])
  }

  @Test func `a spool at work, and a copy that is there already, are refused in three parts`() async throws {
    let site = try await site(1)
    try await site.startBusd()
    let atWork = try await site.bus("spool", "repair")
    #expect(atWork.status != 0 && atWork.error.contains("where: ") && atWork.error.contains("stop its busd"))
    try await site.stopBusd()
    let made = try await site.bus("spool", "repair")
    let spool = "\(site.directory)/state/spool"
    #expect(
      made.output
        == "copy  \(spool).repaired\nkept  1 event, #1 to #1; 1 segments whole, 0 written anew\nlost  nothing\n")
    #expect(try await site.bus("spool", "repair").status != 0)
    #expect(try await site.bus("spool", "repair", "/nowhere").status == 78)
  }

  @Test func `what CloudEvents say is read again as it was`() throws {
    var event = Event(
      id: EventID(high: 7, low: 9), topic: "user_changed", data: [0, 255, 1, 2], time: Timestamp(microseconds: 5),
      headers: EventHeaders(source: "a/b", context: ["tenant": 7], contentType: "application/octet-stream"))
    event.headers.trace = TraceContext(traceHigh: 1, traceLow: 2, span: 3, flags: 1)
    event.headers.correlation = CorrelationID(high: 4, low: 5)
    let (publication, data) = try CloudEventLine.read(event.cloudEvent.bytes)
    #expect(publication.topic == event.topic && publication.id == event.id && data == event.data)
    #expect(publication.headers == event.headers)
    // Which are shown with words of their own, since no text of CloudEvents may be empty.
    event.headers.source = nil
    event.headers.contentType = nil
    event.data = Array("{}".utf8)
    #expect(try CloudEventLine.read(event.cloudEvent.bytes).0.headers == event.headers)
    for count in 0..<40 {
      let bytes = (0..<count).map { UInt8($0 * 37 & 255) }
      #expect(Base64.bytes(of: Base64.text(of: bytes)) == bytes)
    }
    for wrong in ["A", "AB=C", "====", "A===", "AB!=", "ABC"] { #expect(Base64.bytes(of: wrong) == nil, "\(wrong)") }
    for wrong in ["{}", "[]", "", #"{"type":"a b","id":"x","data":{}}"#] {
      #expect(throws: ProtocolError.self) { _ = try CloudEventLine.read(Array(wrong.utf8)) }
    }
  }
}
