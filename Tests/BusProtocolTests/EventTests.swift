import BusProtocol
import Testing

struct EventTests {
  @Test func `an event reads its data by name and type`() throws {
    var event = try RecordVector.fullEvent()
    let id: Int = try event["id"]
    #expect(id == 42)
    #expect(throws: ProtocolError.self) { let _: String = try event["id"] }
    #expect(throws: ProtocolError.self) { let _: Int = try event["name"] }
    event.data = [1]
    let error = #expect(throws: ProtocolError.self) { try event.json }
    #expect(error?.message.contains("01KG9JRPXVEWH828T5CY4TQKFF (user_changed)") == true)
  }

  @Test func `an event is a CloudEvent`() throws {
    let event = try RecordVector.fullEvent()
    #expect(
      event.cloudEvent.text == """
        {"specversion":"1.0","id":"01KG9JRPXVEWH828T5CY4TQKFF","source":"account/web-3","type":"user_changed",\
        "time":"2026-01-31T08:30:00.123456Z","correlationid":"01KG9JRPXVEWH828T5CY4TQKFF","offset":184223,\
        "sequence":"00000000000000000012","recordedtime":"2026-01-31T08:30:00.125000Z",\
        "datacontenttype":"application/json","data":{"id":42}}
        """)
  }

  @Test func `its names and types are those that CloudEvents allows`() throws {
    var chance = Chance(15)
    for _ in 0..<300 {
      guard case .object(let object) = try chance.event().cloudEvent else { throw ProtocolError(.badJSON, "no object") }
      #expect(Set(object.members.map(\.key)).count == object.members.count)
      for required in ["specversion", "id", "source", "type"] {
        let text = try JSONMembers(object, of: "event").string(required)
        #expect(!text.isEmpty)
      }
      #expect((object["data"] == nil) != (object["data_base64"] == nil))
      for member in object.members where member.key != "data" && member.key != "data_base64" {
        #expect((1...20).contains(member.key.utf8.count))
        #expect(member.key.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) })
        switch member.value {
        case .string, .integer, .bool, .unsigned: break
        default: Issue.record("an attribute cannot be \(member.value)")
        }
      }
    }
  }

  @Test func `sequences sort as text`() throws {
    var event = try RecordVector.fullEvent()
    let texts = try ([1, 9, 10, 99, 100, .max] as [UInt64]).map { sequence -> String in
      event.sequence = sequence
      return try event.cloudEvent.members("event").string("sequence")
    }
    #expect(texts == texts.sorted())
  }

  @Test func `before the spool there is neither offset nor sequence`() throws {
    let event = try RecordVector.smallEvent().cloudEvent
    #expect(event["offset"] == nil)
    #expect(event["sequence"] == nil)
    #expect(event["source"] == "/")
    #expect(event["data"] == .null)
  }

  @Test func `a trace, a cause and a context are shown by their names`() throws {
    var event = try RecordVector.fullEvent()
    event.headers.trace = try TraceContext(TraceContextTests.example)
    event.headers.causation = .job(try JobID("01KG9H1S00E00BXQ5TK1V58CGG"))
    event.headers.context = ["user": 7]
    event.headers.source = ""
    let json = event.cloudEvent
    #expect(json["traceparent"] == .string(TraceContextTests.example))
    #expect(json["causationid"] == "job:01KG9H1S00E00BXQ5TK1V58CGG")
    #expect(json["context"] == #"{"user":7}"#)
    #expect(json["source"] == "/")
  }

  static let base64: [(data: String, text: String)] = [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ]

  @Test func `data that is not JSON is shown in base 64`() throws {
    var event = try RecordVector.smallEvent()
    for row in EventTests.base64 {
      event.data = Array(row.data.utf8)
      #expect(event.cloudEvent["data_base64"] == .string(row.text))
    }
    event.data = [0xFB, 0xFF, 0xBF]
    #expect(event.cloudEvent["data_base64"] == "+/+/")
    // Digits are JSON only where they are said to be.
    event.data = Array("42".utf8)
    #expect(event.cloudEvent["data"] == 42)
    for type in ["application/cloudevents+json", "Application/JSON; charset=utf-8", "text/json"] {
      event.headers.contentType = type
      #expect(event.cloudEvent["data"] == 42)
    }
    event.headers.contentType = ""
    #expect(event.cloudEvent["data"] == 42)
    #expect(event.cloudEvent["datacontenttype"] == "application/json")
    for type in [";", "text/plain", "application/jsonx", "json"] {
      event.headers.contentType = type
      #expect(event.cloudEvent["data"] == nil)
      #expect(event.cloudEvent["data_base64"] == "NDI=")
    }
  }
}
