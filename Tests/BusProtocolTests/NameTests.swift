import BusProtocol
import Testing

struct NameTests {
  @Test(arguments: ["a", "Z", "user_changed", "a.b:c-d_9", "0", "-", "...", String(repeating: "x", count: 200)])
  func `a name is 1 to 200 of its characters`(text: String) throws {
    #expect(try Name(text).text == text)
    #expect(try Topic(text).text == text)
    #expect(try TopicPattern(text).text == text)
  }

  @Test(arguments: [
    "", " ", "a b", "a/b", "a*", "é", "a\u{0}", "a\n", "../../x", "'; drop", "<img src=x>", "~mark", "K\u{301}",
    "\u{212A}", String(repeating: "x", count: 201),
  ])
  func `anything else is none`(text: String) {
    #expect(throws: ProtocolError.self) { try Name(text) }
    #expect(throws: ProtocolError.self) { try Topic(text) }
    if !text.contains("*") { #expect(throws: ProtocolError.self) { try TopicPattern(text) } }
  }

  @Test func `an error shows hostile text shortened and without what a terminal obeys`() {
    let error = #expect(throws: ProtocolError.self) { try Name("\u{1B}[2J\u{9B}\u{202E}\u{7F}é", of: "queue") }
    #expect(
      error?.message
        == "queue \"\\u{1b}[2J\\u{9b}\\u{202e}\\u{7f}é\" is not a name: 12 bytes; use 1 to 200 of A-Z a-z 0-9 _ . : -")
    // One character of Swift, a megabyte of bytes.
    let tower = "a" + String(repeating: "\u{301}", count: 500_000)
    let long = #expect(throws: ProtocolError.self) { try Name(tower) }
    #expect((long?.message.utf8.count ?? 0) < 300)
    for hostile in [tower, "event:" + tower] {
      for attempt in [
        { _ = try EventID(hostile) }, { _ = try QueueName(hostile) }, { _ = try Timestamp(hostile) },
        { _ = try TraceContext(hostile) }, { _ = try Causation(hostile) },
      ] as [() throws -> Void] {
        let error = #expect(throws: ProtocolError.self) { try attempt() }
        #expect((error?.message.utf8.count ?? 0) < 400)
      }
    }
  }

  @Test func `a full name is engine and name`() throws {
    let queue = try QueueName("search/default")
    #expect(queue == QueueName(engine: "search", name: "default"))
    #expect(queue.description == "search/default")
    #expect(try QueueName("a/z") < QueueName("b/a"))
    #expect(try QueueName("a/a") < QueueName("a/b"))
  }

  @Test(arguments: ["", "/", "a", "a/", "/a", "a/b/c", "a//b", "a/ b", "a/\u{301}b"])
  func `a full name has two parts`(text: String) {
    #expect(throws: ProtocolError.self) { try QueueName(text) }
  }

  @Test func `the next offset never goes back`() {
    #expect(Offset(1).next == Offset(2))
    #expect(Offset(.max).next == Offset(.max))
  }
}
