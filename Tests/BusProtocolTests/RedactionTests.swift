import BusProtocol
import Testing

/// What people do not see.
struct RedactionTests {
  private func paths(_ texts: String...) throws -> [RedactedPath] { try texts.map { try #require(RedactedPath($0)) } }

  private func event(_ topic: Topic, _ data: String, context: JSONObject? = nil) -> Event {
    Event(
      id: EventID(high: 1, low: 1), topic: topic, data: Array(data.utf8), time: Timestamp(microseconds: 1),
      headers: EventHeaders(context: context))
  }

  @Test(arguments: ["data", "data.email", "context.*", "inputs.a.b.c"]) func `a path begins where it leads`(
    text: String
  ) {
    #expect(RedactedPath(text)?.description == text)
  }

  @Test(arguments: ["", "email", ".data", "data.", "data..a", "Data.a", "data." + String(repeating: "x", count: 200)])
  func `anything else is no path`(text: String) {
    #expect(RedactedPath(text) == nil)
  }

  @Test func `I32 values at the paths of all patterns that match are hidden, through lists and any member`() throws {
    let redaction = Redaction(topics: [
      .init("user_*", try paths("data.email", "data.cards.number")),
      .init("*_changed", try paths("data.keys.*", "context.session")),
      .init("other", try paths("data")),
    ])
    let data =
      #"{"id":42,"email":"a@b.c","cards":[{"number":4711,"kind":"x"},{"number":null}],"keys":{"a":"x","b":[1]}}"#
    let shown = redaction.shown(event("user_changed", data, context: ["session": "swordfish", "tenant": 7]))
    #expect(
      String(decoding: shown.data, as: UTF8.self)
        == #"{"id":42,"email":"[redacted]","cards":[{"number":"[redacted]","kind":"x"},{"number":null}],"keys":{"a":"[redacted]","b":"[redacted]"}}"#
    )
    #expect(shown.headers.context == ["session": "[redacted]", "tenant": 7])
    #expect(redaction.shown(event("order_placed", data)) == event("order_placed", data))
    #expect(redaction.shown(event("other", data)).data == Array(#""[redacted]""#.utf8))
  }

  @Test func `data that is not JSON is hidden as a whole where a path leads into it`() throws {
    let redaction = Redaction(topics: [.init("*", try paths("data.email"))])
    var event = event("photo_taken", "swordfish")
    #expect(redaction.shown(event).data == Array(#""[redacted]""#.utf8))
    event.headers.contentType = "image/png"
    #expect(!redaction.shown(event).cloudEvent.text.contains("swordfish"))
    #expect(!redaction.shown(event.cloudEvent).text.contains(event.cloudEvent["data_base64"]?.text ?? "?"))
  }

  @Test func `an event in an answer is shown as the event itself would be`() throws {
    let redaction = Redaction(topics: [.init("user_*", try paths("data.email", "context.session"))])
    let event = event("user_changed", #"{"email":"swordfish","id":1}"#, context: ["session": "swordfish"])
    let answer = redaction.shown(["event": event.cloudEvent, "list": [["event": event.cloudEvent]]])
    #expect(answer["event"] == redaction.shown(event).cloudEvent)
    #expect(!answer.text.contains("swordfish"))
    let announcement = Announcement(
      id: event.id, topic: event.topic, data: event.data, dueAt: Timestamp(microseconds: 1))
    #expect(!redaction.shown(["announcements": [announcement.json]]).text.contains("swordfish"))
  }

  @Test func `I32 what a job's inputs hide is also taken out of errors, results, locks and lines`() throws {
    let redaction = Redaction(
      topics: [.init("user_*", try paths("context.session"))], engines: ["shop": try paths("inputs.card", "inputs.pin")]
    )
    var wish = NewJob(id: JobID(high: 1, low: 1), queue: QueueName(engine: "shop", name: "default"), worker: "Charge")
    wish.inputs = ["card": "swordfish", "pin": 47_110, "id": 7, "state": "x"]
    wish.queueLock = "card:swordfish"
    wish.cause = JobCause(topic: "user_changed", context: ["session": "herring"])
    var job = Job(wish, state: .dead, reason: "swordfish is refused", enqueuedAt: Timestamp(microseconds: 1))
    job.failures = [Job.Failure(attempt: 1, at: Timestamp(microseconds: 1), error: "card swordfish/47110 is refused")]
    job.result = ["said": "swordfish", "pin": 47_110]
    let shown = redaction.shown(["job": job.json])
    for secret in ["swordfish", "47110", "herring"] { #expect(!shown.text.contains(secret), "\(shown.text)") }
    #expect(shown["job"]?["inputs"]?["id"] == 7)
    #expect(shown["job"]?["state"] == "dead")
    #expect(shown["job"]?["failures"]?.text.contains("card [redacted]/[redacted] is refused") == true)
    #expect(redaction.shown([["text": "took swordfish"]], leftBy: job) == [["text": "took [redacted]"]])
    #expect(Redaction().shown(["job": job.json]) == ["job": job.json])
  }

  @Test func `the rules come over the wire as they are`() throws {
    var welcome = Welcome(log: LogID(high: 1, low: 1), head: .zero, live: "ipc://x", lease: .seconds(1))
    welcome.redaction = Redaction(
      topics: [.init("user_*", try paths("data.email", "context.*"))], engines: ["shop": try paths("inputs")])
    welcome.payload = 1 << 10
    #expect(try Reply(frames: Reply.welcome(welcome).frames) == .welcome(welcome))
  }
}
